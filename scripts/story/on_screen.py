"""Tell the story to a person: three columns, in colours where the terminal has them.

What colour says is also said by a word or a sign, so nothing is lost without it.
"""

import time
from typing import Final

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from scripts.blindness.examination import Look
from scripts.story.events import Act, Cell, Event, Judged, Looked, Manner, Opening, RelayCell, Row
from scripts.story.relay_view import Sighting
from scripts.story.sizes import readable_size
from scripts.story.verdict_panel import verdict_panel

# Columns of more than this many characters are hard to read side by side.
_WIDEST: Final = 132

_COLUMNS: Final = (
    ("ALICE SEES", "bold cyan"),
    ("THE RELAY SEES", "bold yellow"),
    ("BOB SEES", "bold green"),
)
_SIGNS: Final = {Manner.SAYS: "▸ ", Manner.READS: "✓ ", Manner.DOES: "· ", Manner.HEEDS: "! "}
_STYLES: Final = {
    Manner.SAYS: "bold",
    Manner.READS: "",
    Manner.DOES: "dim italic",
    Manner.HEEDS: "bold yellow",
}


class ScreenTeller:
    """Writes to a rich console, each event as soon as it happens."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._width = min(console.width, _WIDEST)

    def tell(self, event: Event) -> None:
        """Show one event."""
        self._console.print(self._picture(event), width=self._width)

    def _picture(self, event: Event) -> RenderableType:
        match event:
            case Opening():
                return Padding(Text(event.words), (0, 1))
            case Act():
                return _curtain(event)
            case Row():
                return self._row(event)
            case Looked():
                return _search_note(event.look)
            case Judged():
                return verdict_panel(event.verdict)

    def _row(self, row: Row) -> Table:
        table = _columns()
        table.add_row(_cells(row.alice), _relay(row.relay, self._excerpt_bytes()), _cells(row.bob))
        return table

    def _excerpt_bytes(self) -> int:
        """How many bytes of hexadecimal fit behind a size of 8 characters in a column."""
        column_width = (self._width - 2) // 3 - 2
        return (column_width - 8) // 3


def _curtain(act: Act) -> Group:
    """Title, a sentence, and the heads of the columns."""
    heads = _columns()
    if act.has_columns:
        heads.add_row(*(Text(head, style=style) for head, style in _COLUMNS))
    return Group(
        Text(),
        Rule(Text(f" {act.number} · {act.title} ", style="bold"), align="left", style="dim"),
        Padding(Text(act.plain_words, style="dim italic"), (0, 1)),
        heads,
    )


def _columns() -> Table:
    """Give an empty row of three equal columns with a thin line between them."""
    table = Table(
        box=box.MINIMAL, show_header=False, show_edge=False, expand=True, border_style="dim"
    )
    for _ in _COLUMNS:
        table.add_column(ratio=1, overflow="fold")
    return table


def _cells(cells: tuple[Cell, ...]) -> Table:
    """Stack what a person says and reads; wrapped lines keep clear of the sign."""
    stack = Table.grid()
    stack.add_column(width=2)
    stack.add_column(overflow="fold")
    for cell in cells:
        style = _STYLES[cell.manner]
        stack.add_row(Text(_SIGNS[cell.manner], style=style), Text(cell.text, style=style))
    return stack


def _relay(cell: RelayCell, excerpt_bytes: int) -> Text:
    lines = [line for seen in cell.sightings for line in _sighting(seen, excerpt_bytes)]
    if cell.note:
        lines.append(Text(cell.note, style="dim italic"))
    if cell.loss:
        lines.append(Text(cell.loss, style="bold red"))
    return Text("\n").join(lines)


def _sighting(seen: Sighting, excerpt_bytes: int) -> tuple[Text, Text]:
    """Two lines: when, who, to whom; how many bytes, and some of them."""
    clock = time.strftime("%H:%M:%S", time.localtime(seen.seen_at_s))
    route = Text.assemble((f"{clock}  ", "dim"), f"{seen.sender or 'anonymous'} → {seen.recipient}")
    size = f"{readable_size(seen.size_bytes):<8}"
    return route, Text.assemble(size, (seen.excerpt[:excerpt_bytes].hex(" "), "yellow"))


def _search_note(look: Look) -> Padding:
    sizes = ((medium, found.searched_bytes) for medium, found in look.findings.items())
    searched = ", ".join(f"{medium} ({readable_size(size)})" for medium, size in sizes)
    note = Text.assemble(
        (f"» {look.when}: ", "bold"),
        f"searched {searched}: ",
        (f"{_canaries(look.found_count)} found", "bold red" if look.found_count else "green"),
    )
    return Padding(note, (0, 1))


def _canaries(count: int) -> str:
    return "1 canary" if count == 1 else f"{count} canaries"
