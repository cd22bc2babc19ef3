"""``glasspost search``: words in all conversations, newest first."""

import re

import click
from rich.text import Text

from client.cli.lines import (
    Layout,
    body_of,
    entry_record,
    layout_for,
    shown_time_ms,
)
from client.cli.opening import opened_offline
from client.cli.options import global_options
from client.cli.output import Output
from client.cli.running import asynchronous
from client.cli.settings import Settings
from client.cli.tables import beside
from client.errors import LocalError
from client.moments import clock, day
from client.text import clean_line, shorten
from client.values import HistoryEntry

DEFAULT_LIMIT = 20


@click.command(
    epilog="""\b
Examples:
  glasspost search tide
  glasspost search high tide --limit 5     both words in one message"""
)
@click.argument("words", nargs=-1, required=True)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=DEFAULT_LIMIT,
    show_default=True,
    metavar="N",
    help="The newest N.",
)
@global_options(hidden=True)
@asynchronous
async def command(settings: Settings, words: tuple[str, ...], limit: int) -> None:
    """Find messages that hold all WORDS; the last may be the beginning of one. Works offline."""
    output, wanted = Output(json=settings.json), " ".join(words)
    if not wanted.strip():
        raise LocalError("There is nothing to search for.", hint="Name a word.")
    async with opened_offline(settings) as engine:
        entries = await engine.search(wanted, limit)
    for entry in entries:
        output.record(entry_record(entry))
    for text in found_lines(entries, wanted, layout_for(output.console, [])):
        output.line(text)


def found_lines(entries: list[HistoryEntry], words: str, layout: Layout) -> list[Text]:
    """Give what was found, the newest first, with the words highlighted."""
    if not entries:
        return [Text(f"No message holds “{shorten(words, 60)}”.")]
    return [_line(entry, words, layout) for entry in entries]


def _line(entry: HistoryEntry, words: str, layout: Layout) -> Text:
    time_ms = shown_time_ms(entry)
    head = Text().append(f"{day(time_ms)} {clock(time_ms)}  ", style="dim")
    who = f"you to {entry.peer}" if entry.outgoing else f"{entry.peer}"
    head.append(f"{who}  ", style="bold cyan")
    body = body_of(entry, layout)
    for word in words.split():
        begins = rf"(?i)(?<!\w){re.escape(clean_line(word))}"
        body.highlight_regex(begins, style="bold reverse")
    return beside(head, body, layout.width)
