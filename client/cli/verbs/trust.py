"""``glasspost trust``: answer the question that a changed key raises."""

import click
from rich.text import Text

from client.cli.opening import opened_offline
from client.cli.options import global_options
from client.cli.output import Output
from client.cli.profiles import parse_peer
from client.cli.running import asynchronous
from client.cli.settings import Settings
from client.cli.trust import answered_words, asking, trust_word, trust_words
from client.cli.verbs.history import require_contact
from client.cli.verbs.verify import contact_named
from client.engine.engine import Engine
from client.errors import LocalError, TrustOpen
from client.messaging.trust import OpenQuestion
from protocol.ids import Name


@click.command(
    epilog="""\b
Examples:
  glasspost trust bob             what happened, and both numbers
  glasspost trust bob --keep      stay with the key that was expected
  glasspost trust bob --accept    take the new one without comparing

\b
Exit codes: 0 answered, or nothing to answer   4 the question is open"""
)
@click.argument("peer")
@click.option("--accept", is_flag=True, help="Accept the new key, unchecked.")
@click.option("--keep", is_flag=True, help="Keep the expected key; refuse the new one.")
@global_options(hidden=True)
@asynchronous
async def command(settings: Settings, peer: str, accept: bool, keep: bool) -> None:
    """Show the question that is open about the key of PEER, or answer it; works offline.

    The third answer, and the best, is to compare: glasspost verify PEER NUMBER. JSON fields: peer,
    trust, verified_before, expected and shown (the numbers of both keys, null without a question).
    """
    if accept and keep:
        raise LocalError("The key can be accepted or kept, not both.", hint="Choose one of them.")
    output, name = Output(json=settings.json), parse_peer(peer)
    async with opened_offline(settings) as engine:
        await require_contact(engine, name)
        question = await engine.trust_question(name)
        if accept or keep:
            await answer(engine, name, accept=accept)
        contact = await contact_named(engine, name)
        own = (await engine.status()).name
    output.record(
        {
            "peer": name,
            "trust": trust_word(contact),
            "verified_before": question is not None and question.verified,
            "expected": None if question is None else question.expected,
            "shown": None if question is None else question.shown,
        }
    )
    if accept or keep:
        output.line(answered_words(name, accepted=accept))
        output.line("What waited goes out as soon as a glasspost of yours is online.")
    elif question is None:
        output.line(Text(f"There is no question open about {name}: ").append(trust_words(contact)))
    else:
        output.line(asking(question, own))
        raise still_open(question)


async def answer(engine: Engine, peer: Name, *, accept: bool) -> None:
    """Accept the key in question without comparing it, or keep the expected one.

    Raises:
        LocalError: there is no question, or it is about another key by now.
    """
    if accept:
        await engine.accept_identity(peer)
    else:
        await engine.keep_identity(peer)


def still_open(question: OpenQuestion) -> TrustOpen:
    """Say that a question was shown and waits."""
    return TrustOpen(
        f"The question about the key of {question.peer} is open.",
        why="Nothing goes out to the new key before you answer.",
        hint=f"glasspost verify {question.peer} NUMBER, or glasspost trust {question.peer}"
        " with --accept or --keep.",
    )
