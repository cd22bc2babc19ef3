"""``glasspost trust``: answer the questions that a changed key raises."""

import click
from rich.text import Text

from client.cli.asking import asking
from client.cli.opening import opened_offline
from client.cli.options import global_options
from client.cli.output import Output
from client.cli.profiles import parse_peer
from client.cli.running import asynchronous
from client.cli.settings import Settings
from client.cli.trust import answered_words, trust_word, trust_words
from client.cli.verbs.history import require_contact
from client.cli.verbs.verify import contact_named
from client.engine.engine import Engine
from client.errors import LocalError, TrustOpen
from client.messaging.answers import no_question
from client.messaging.trust import OpenQuestion, Question, ResendQuestion
from protocol.ids import Name


@click.command(
    epilog="""\b
Examples:
  glasspost trust bob             what happened, and both numbers
  glasspost trust bob --keep      rely on no new key
  glasspost trust bob --accept    rely on the new one without comparing

\b
Exit codes: 0 answered, or nothing to answer   4 the question is open"""
)
@click.argument("peer")
@click.option("--accept", is_flag=True, help="Rely on the new key, unchecked.")
@click.option("--keep", is_flag=True, help="Rely on no new key.")
@global_options(hidden=True)
@asynchronous
async def command(settings: Settings, peer: str, accept: bool, keep: bool) -> None:
    """Show the question that is open about the key of PEER, or answer it; works offline.

    If PEER was checked, everything stops: --accept takes the new key, --keep stays with the
    expected one. Otherwise only texts to the former key wait, which have no receipt: --accept
    sends them to the new one, --keep lets them fail. The best answer is to compare: glasspost
    verify PEER NUMBER. JSON fields: peer, trust, held_back (texts), verified_before, expected
    and shown (numbers of the keys, null where there is no question about them).
    """
    if accept and keep:
        raise LocalError("The key can be accepted or kept, not both.", hint="Choose one of them.")
    output, name = Output(json=settings.json), parse_peer(peer)
    async with opened_offline(settings) as engine:
        await require_contact(engine, name)
        question = await engine.trust.question(name)
        if accept or keep:
            if question is None:
                raise no_question(name)
            await answer(engine, name, accept=accept)
        contact = await contact_named(engine, name)
        own = (await engine.status()).name
    output.record(
        {
            "peer": name,
            "trust": trust_word(contact),
            "held_back": contact.held_back_count,
            "verified_before": isinstance(question, OpenQuestion) and question.verified,
            "expected": question.expected if isinstance(question, OpenQuestion) else None,
            "shown": None if question is None else question.shown,
        }
    )
    if question is not None and (accept or keep):
        output.line(answered_words(question, accepted=accept))
        if accept or isinstance(question, OpenQuestion):
            output.line("What waited goes out as soon as a glasspost of yours is online.")
    elif question is None:
        output.line(Text(f"There is no question open about {name}: ").append(trust_words(contact)))
    else:
        output.line(asking(question, own))
        raise still_open(question)


async def answer(engine: Engine, peer: Name, *, accept: bool) -> None:
    """Rely on the key that is asked about without comparing it, or do not.

    Raises:
        LocalError: there is no question, or it is about another key by now.
    """
    if accept:
        await engine.trust.accept(peer)
    else:
        await engine.trust.keep(peer)


def still_open(question: Question) -> TrustOpen:
    """Say that a question was shown and waits."""
    texts = isinstance(question, ResendQuestion)
    return TrustOpen(
        f"The question about the key of {question.peer} is open.",
        why="The texts to the former key go nowhere before you answer."
        if texts
        else "Nothing goes out to the new key before you answer.",
        hint=f"glasspost verify {question.peer} NUMBER, or glasspost trust {question.peer}"
        " with --accept or --keep.",
    )
