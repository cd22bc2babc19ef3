"""Where the characters of a draft stand on the screen."""

from dataclasses import dataclass

from rich.cells import cell_len

from client.cli.chat.draft import Draft
from client.text import clean


@dataclass(frozen=True, slots=True)
class Painting:
    """Rows of a prompt and draft, none as wide as the terminal, and the cursor in them."""

    rows: tuple[str, ...]
    cursor_row: int
    cursor_cell: int


def paint_draft(prompt: str, draft: Draft, width: int, most_rows: int) -> Painting:
    """Lay out ``prompt`` and ``draft``.

    Rows stay one cell narrower than the terminal, because terminals differ in what a full row
    does to the cursor. Of a draft that is too long the rows around the cursor are given.

    Args:
        prompt: our own words, one row.
        draft: may hold foreign text (a paste).
        width: cells of the terminal.
        most_rows: at least 1.
    """
    room = max(width - 1, 2)
    before = _rows(prompt + clean(draft.before), room)
    cursor_row, cursor_cell = len(before) - 1, cell_len(before[-1])
    rows = _rows(prompt + clean(draft.before) + clean(draft.after), room)
    if cursor_cell >= room:
        # The next character would begin a row.
        cursor_row, cursor_cell = cursor_row + 1, 0
        rows = rows if cursor_row < len(rows) else [*rows, ""]
    first = max(0, min(cursor_row - most_rows + 1, len(rows) - most_rows))
    shown = rows[first : first + most_rows]
    return Painting(tuple(shown), cursor_row - first, cursor_cell)


def reflowed(painting: Painting, width: int) -> Painting:
    """Give the rows as a terminal shows them after it became ``width`` cells wide."""
    rows = [piece for row in painting.rows for piece in _rows(row, width)]
    above = [piece for row in painting.rows[: painting.cursor_row] for piece in _rows(row, width)]
    cursor_row = len(above) + painting.cursor_cell // width
    return Painting(tuple(rows), cursor_row, painting.cursor_cell % width)


def _rows(text: str, room: int) -> list[str]:
    """Break a cleaned text into rows of at most ``room`` cells."""
    rows = []
    for line in text.split("\n"):
        row, used = "", 0
        for character in line:
            cells = cell_len(character)
            if used + cells > room:
                rows.append(row)
                row, used = "", 0
            row, used = row + character, used + cells
        rows.append(row)
    return rows
