"""``glasspost verify``: compare safety numbers, so that nobody can listen in between."""

import click
from rich.text import Text

from client.cli.opening import opened_offline
from client.cli.options import global_options
from client.cli.output import Output
from client.cli.profiles import parse_peer
from client.cli.running import asynchronous
from client.cli.settings import Settings
from client.cli.trust import comparing, require_same, trust_word, trust_words
from client.cli.verbs.history import require_contact
from client.engine.engine import Engine
from client.values import Contact
from protocol.ids import Name


@click.command(
    epilog="""\b
Examples:
  glasspost verify bob                    show the digits
  glasspost verify bob 12345 67890 ...    the digits that bob reads to you"""
)
@click.argument("peer")
@click.argument("number", nargs=-1)
@global_options(hidden=True)
@asynchronous
async def command(settings: Settings, peer: str, number: tuple[str, ...]) -> None:
    """Show the safety number of you and PEER, or compare it with NUMBER and mark PEER as checked.

    Blanks in NUMBER do not count. If it differs, nothing is marked and the exit code is 4.
    """
    output, name = Output(json=settings.json), parse_peer(peer)
    async with opened_offline(settings) as engine:
        await require_contact(engine, name)
        shown = await engine.trust.safety_number(name)
        if number:
            require_same(name, shown, " ".join(number), await engine.trust.question(name))
            await engine.trust.verify(name)
        contact = await contact_named(engine, name)
        own = (await engine.status()).name
    output.record({"peer": name, "number": shown, "trust": trust_word(contact)})
    if number:
        output.line(checked_line(name))
    else:
        output.line(comparing(name, own, shown))
        output.line(Text("Now: ").append_text(trust_words(contact)))
        output.line(f"Then:  glasspost verify {name} DIGITS")
        if contact.is_in_question:
            output.line(f"Or answer without comparing:  glasspost trust {name}")


def checked_line(name: Name) -> Text:
    """Say that a contact is checked now."""
    return Text("The same. ").append(f"{name} is checked.", style="green")


async def contact_named(engine: Engine, name: Name) -> Contact:
    """Give a contact that is known to exist."""
    return next(each for each in await engine.contacts() if each.name == name)
