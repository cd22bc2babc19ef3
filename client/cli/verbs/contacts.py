"""``glasspost contacts``: who is known here."""

import click
from rich.text import Text

from client.cli.lines import width_of
from client.cli.opening import opened_offline
from client.cli.options import global_options
from client.cli.output import Output
from client.cli.running import asynchronous
from client.cli.settings import Settings
from client.cli.tables import columns, count_of
from client.cli.trust import relay_sees, trust_word, trust_words
from client.moments import clock, day
from client.values import Contact


@click.command(
    epilog="""\b
Examples:
  glasspost contacts
  glasspost verify bob      compare keys with somebody who is not yet checked"""
)
@global_options(hidden=True)
@asynchronous
async def command(settings: Settings) -> None:
    """List the people this profile has written to or heard from; works offline.

    "sealed": the relay does not see who writes to them. That begins when they have answered once.
    """
    output = Output(json=settings.json)
    async with opened_offline(settings) as engine:
        contacts = await engine.contacts()
    for contact in contacts:
        output.record(
            {
                "name": contact.name,
                "trust": trust_word(contact),
                "sealed": contact.sealed,
                "blocked": contact.blocked,
                "held_back": contact.held_back_count,
                "messages": contact.message_count,
                "last_activity_ms": contact.last_activity_ms,
            }
        )
    output.line(contact_lines(contacts, width_of(output.console)))


def contact_lines(contacts: list[Contact], width: int | None) -> Text:
    """Give one line for each contact, or how to get one.

    Where the terminal is too narrow for a table, each has a short list beside the name.
    """
    if not contacts:
        return Text('Nobody yet. Begin:  glasspost send NAME "hello"')
    table = columns((Text(contact.name, style="bold"), *_about(contact)) for contact in contacts)
    if width is None or all(row.cell_len < width for row in table.split("\n")):
        return table
    rows = ((Text(contact.name, style="bold"), _list_of(_about(contact))) for contact in contacts)
    return columns(rows, width)


def _about(contact: Contact) -> tuple[Text, ...]:
    count = Text(count_of(contact.message_count, "message"))
    return trust_words(contact), relay_sees(contact), count, _last(contact)


def _list_of(facts: tuple[Text, ...]) -> Text:
    return Text(", ").join(fact for fact in facts if fact.plain)


def _last(contact: Contact) -> Text:
    time_ms = contact.last_activity_ms
    return Text("" if time_ms is None else f"{day(time_ms)} {clock(time_ms)}", style="dim")
