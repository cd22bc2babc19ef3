"""Messages as lines: time, who, mark, text; the same in history, search, listen and chat.

    03:41  you    vv  the tide is high
    03:42  bob        so it is, and this is a text that does not fit on the
                      line
           -- 2 messages from bob are missing here --

Marks: ``.`` queued, ``v`` at the relay, ``vv`` delivered, ``x`` failed. On a terminal long texts
are wrapped beside the columns; elsewhere a line stays whole. A text's own line feeds never reach
the margin, so no text can pass for a line of somebody else.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from rich.console import Console
from rich.text import Text

from client.cli.hints import typeable
from client.cli.output import Json
from client.cli.states import MARKS, short_id, state_word
from client.cli.tables import beside
from client.moments import clock
from client.text import clean, clean_line
from client.values import EntryKind, HistoryEntry, MessageState

_MARK_STYLES: Final = {
    MessageState.QUEUED: "yellow",
    MessageState.AT_RELAY: "cyan",
    MessageState.DELIVERED: "green",
    MessageState.FAILED: "bold red",
    MessageState.RECEIVED: "",
}
_NEWER: Final = "[needs a newer version of glasspost]"
_REPAIRED: Final = " (repaired)"


@dataclass(frozen=True, slots=True)
class Layout:
    """How lines are laid out.

    Attributes:
        width: cells of the terminal, or None where lines stay whole.
        name_cells: width of the column of names.
        show_ids: begin each text with the short id of its message.
    """

    width: int | None = None
    name_cells: int = 3
    show_ids: bool = False


def width_of(console: Console) -> int | None:
    """Give the cells of a terminal; None for a file or pipe, where lines stay whole."""
    return console.width if console.is_terminal else None


def layout_for(console: Console, names: Iterable[str], *, show_ids: bool = False) -> Layout:
    """Give the layout for a console and the names that will appear."""
    width = width_of(console)
    cells = max((len(name) for name in names), default=0)
    return Layout(width, max(cells, len("you")), show_ids)


def entry_lines(entry: HistoryEntry, layout: Layout) -> Text:
    """Give an entry as one or more lines, without the last line feed."""
    text = Text()
    if entry.missing_before:
        text.append_text(gap_line(entry, layout)).append("\n")
    return text.append_text(beside(_head(entry, layout), body_of(entry, layout), layout.width))


def body_of(entry: HistoryEntry, layout: Layout) -> Text:
    """Give an entry's text, fit for a terminal."""
    if entry.kind is EntryKind.NOTICE:
        return Text(f"-- {clean_line(typeable(entry.text))}", style="dim")
    body = Text()
    if layout.show_ids:
        body.append(f"{short_id(entry)} ", style="dim")
    if entry.kind is EntryKind.UNREADABLE:
        body.append(f"[{clean_line(entry.text)}]", style="dim")
    elif entry.kind is EntryKind.UNSUPPORTED:
        body.append(_NEWER, style="dim")
    else:
        body.append(clean(entry.text))
    return body.append(_REPAIRED if entry.repaired else "", style="dim")


def gap_line(entry: HistoryEntry, layout: Layout) -> Text:
    """Say how many messages are missing before an entry."""
    count = entry.missing_before
    who = "yours" if entry.outgoing else entry.peer
    words = f"1 message from {who} is" if count == 1 else f"{count} messages from {who} are"
    return Text(f"{' ' * _margin(layout)}-- {words} missing here --", style="yellow")


def shown_time_ms(entry: HistoryEntry) -> int:
    """Give the time an entry is shown under: its arrival at the relay, else when it was written."""
    return entry.sent_at_ms if entry.arrival_ms is None else entry.arrival_ms


def entry_record(entry: HistoryEntry) -> dict[str, Json]:
    """Give an entry for programs."""
    return {
        "id": entry.message_id.hex(),
        "peer": entry.peer,
        "outgoing": entry.outgoing,
        "kind": str(entry.kind),
        "text": entry.text,
        "state": state_word(entry.state),
        "time_ms": entry.arrival_ms,
        "sent_at_ms": entry.sent_at_ms,
        "missing_before": entry.missing_before,
        "repaired": entry.repaired,
    }


def _head(entry: HistoryEntry, layout: Layout) -> Text:
    head = Text(f"{clock(shown_time_ms(entry))}  ", style="dim")
    if entry.kind is EntryKind.NOTICE:
        return head
    who, style = ("you", "bold") if entry.outgoing else (entry.peer, "bold cyan")
    head = Text().append_text(head)
    head.append(who.ljust(layout.name_cells + 2), style=style)
    head.append(MARKS[entry.state].ljust(4), style=_MARK_STYLES[entry.state])
    return head


def _margin(layout: Layout) -> int:
    return len("00:00  ") + layout.name_cells + 2 + 4
