"""Columns of text that line up, without lines around them."""

from collections.abc import Iterable, Sequence

from rich.text import Text


def columns(rows: Iterable[Sequence[Text | str]], gap: int = 3) -> Text:
    """Lay rows of cells out in columns; the last column is as wide as it is."""
    cells = [[_text(cell) for cell in row] for row in rows]
    if not cells:
        return Text()
    widths = [max(cell.cell_len for cell in column) for column in zip(*cells, strict=True)]
    return Text("\n").join(_row(row, widths, gap) for row in cells)


def _row(row: list[Text], widths: list[int], gap: int) -> Text:
    line = Text()
    for cell, width in zip(row, widths, strict=True):
        line.append_text(cell).append(" " * (width - cell.cell_len + gap))
    line.rstrip()
    return line


def _text(cell: Text | str) -> Text:
    return Text(cell) if isinstance(cell, str) else cell


def count_of(count: int, noun: str) -> str:
    """Give ``1 message``, ``2 messages``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
