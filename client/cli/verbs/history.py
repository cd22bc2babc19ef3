"""``glasspost history``: a conversation so far, from the encrypted file on this machine."""

import click
from rich.text import Text

from client.cli.lines import Layout, entry_lines, entry_record, layout_for, shown_time_ms
from client.cli.opening import opened_offline
from client.cli.options import global_options
from client.cli.output import Output
from client.cli.profiles import parse_peer
from client.cli.running import asynchronous
from client.cli.settings import Settings
from client.engine.engine import Engine
from client.errors import LocalError
from client.moments import day
from client.text import join_words
from client.values import EntryKind, HistoryEntry
from protocol.ids import Name

DEFAULT_LIMIT = 50


@click.command(
    epilog="""\b
Examples:
  glasspost history bob
  glasspost history bob --limit 1000 | less
  glasspost history bob --ids            with the ids that xray takes

\b
Marks: .  queued    v  at the relay    vv  delivered    x  failed"""
)
@click.argument("peer")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=DEFAULT_LIMIT,
    show_default=True,
    metavar="N",
    help="The newest N messages.",
)
@click.option("--ids", is_flag=True, help="Show the beginning of each message's id.")
@global_options(hidden=True)
@asynchronous
async def command(settings: Settings, peer: str, limit: int, ids: bool) -> None:
    """Show a conversation, oldest first; works offline."""
    output, name = Output(json=settings.json), parse_peer(peer)
    async with opened_offline(settings) as engine:
        await require_contact(engine, name)
        entries = await engine.history(name, limit)
        # Whoever reads them here knows of a changed key, and may write to it.
        notices = [entry.row_id for entry in entries if entry.kind is EntryKind.NOTICE]
        await engine.mark_listened(notices)
    layout = layout_for(output.console, [name], show_ids=ids)
    for entry in entries:
        output.record(entry_record(entry))
    for text in with_days(entries, layout):
        output.line(text)


def with_days(entries: list[HistoryEntry], layout: Layout) -> list[Text]:
    """Give the lines of a conversation with a heading before each day."""
    lines, present = list[Text](), ""
    for entry in entries:
        heading = day(shown_time_ms(entry))
        if heading != present:
            lines.append(Text(f"── {heading} ──", style="dim"))
            present = heading
        lines.append(entry_lines(entry, layout))
    return lines


async def require_contact(engine: Engine, name: Name) -> None:
    """Refuse a name that nobody here has written to or heard from.

    Raises:
        LocalError: there is no conversation with ``name``; lists those there are.
    """
    names = [contact.name for contact in await engine.contacts()]
    if name in names:
        return
    why = f"There is one with {join_words(names)}." if names else "There is none with anybody yet."
    raise LocalError(
        f"There is no conversation with {name}.",
        why=why,
        hint=f'Begin one: glasspost send {name} "hello"',
    )
