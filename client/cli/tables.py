"""Text in columns: what stands beside something else stays beside it, however long it is."""

from collections.abc import Iterable, Sequence
from typing import Final

from rich.console import Console
from rich.text import Text

_LEAST_CELLS: Final = 20

# Wrapping needs a console for nothing but its tab size.
_MEASURE: Final = Console(width=80)


def beside(head: Text, body: Text, width: int | None) -> Text:
    """Put ``body`` beside ``head``, its further lines under its first.

    Args:
        width: cells of the terminal, to wrap at words; None where lines stay whole.
    """
    margin = head.cell_len
    if width is None:
        rows = body.split("\n", allow_blank=True)
    else:
        rows = body.wrap(_MEASURE, max(width - margin - 1, _LEAST_CELLS))
    further = Text("\n" + " " * margin).join(rows)
    return Text().append_text(head).append_text(further)


def columns(rows: Iterable[Sequence[Text | str]], width: int | None = None, gap: int = 3) -> Text:
    """Lay rows of cells out in columns; what does not fit is wrapped within the last one."""
    cells = [[_text(cell) for cell in row] for row in rows]
    if not cells:
        return Text()
    widths = [max(cell.cell_len for cell in column) for column in zip(*cells, strict=True)]
    return Text("\n").join(_row(row, widths, gap, width) for row in cells)


def count_of(count: int, noun: str) -> str:
    """Give ``1 message``, ``2 messages``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _row(row: list[Text], widths: list[int], gap: int, width: int | None) -> Text:
    head = Text()
    for cell, cells in zip(row[:-1], widths, strict=False):
        head.append_text(cell).append(" " * (cells - cell.cell_len + gap))
    return beside(head, row[-1], width)


def _text(cell: Text | str) -> Text:
    return Text(cell) if isinstance(cell, str) else cell
