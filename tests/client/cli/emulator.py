"""A terminal for tests: just the sequences that the chat writes, and none other."""

import re
from collections.abc import Iterable

from rich.cells import cell_len

_TOKEN = re.compile(r"\x1b\[(\?2004[hl]|[\d;]*m|\d*[ABCDJ])|(\r)|(\n)|([^\x1b\r\n])")

# A cell that nothing was written to; a written blank counts when rows are broken anew.
_BLANK = "\0"


class Emulator:
    """A grid of cells and a cursor; wraps as terminals do, scrolls when full."""

    def __init__(self, width: int = 80, height: int = 24) -> None:
        self.width, self.height = width, height
        self.scrolled: list[str] = []
        self._cells = [[_BLANK] * width for _ in range(height)]
        self.row = self.column = 0

    def write(self, characters: str) -> None:
        """Obey ``characters``; fails on any sequence that is not known."""
        at = 0
        while at < len(characters):
            match = _TOKEN.match(characters, at)
            assert match is not None, ascii(characters[at : at + 20])
            at = match.end()
            sequence, back, feed, printed = match.groups()
            if sequence:
                self._obey(sequence)
            elif back:
                self.column = 0
            elif feed:
                self._feed()
            else:
                self._print(printed)

    @property
    def rows(self) -> list[str]:
        """The rows on the screen, without blanks at their ends."""
        return [_shown(row) for row in self._cells]

    @property
    def shown(self) -> list[str]:
        """All rows ever shown and not erased, without empty ones at the end."""
        rows = [*self.scrolled, *self.rows]
        while rows and not rows[-1]:
            rows.pop()
        return rows

    def resize(self, width: int) -> None:
        """Become narrower or wider; rows that became too long are broken, as most terminals do."""
        written = ["".join(row).rstrip(_BLANK) for row in self._cells]
        above = [piece for row in written[: self.row] for piece in _pieces(row, width)]
        present = _pieces(written[self.row], width)
        below = [piece for row in written[self.row + 1 :] for piece in _pieces(row, width)]
        self.row = len(above) + self.column // width
        self.column %= width
        rows = [*above, *present, *below]
        lost = max(0, self.row + 1 - self.height)
        self.scrolled += map(_shown, rows[:lost])
        self.row -= lost
        rows = (rows[lost:] + [""] * self.height)[: self.height]
        self.width = width
        self._cells = [list(row.ljust(width, _BLANK)) for row in rows]

    def _obey(self, sequence: str) -> None:
        if sequence.startswith("?") or sequence.endswith("m"):
            return
        count = int(sequence[:-1] or 1)
        if sequence[-1] == "A":
            self.row = max(0, self.row - count)
        elif sequence[-1] == "B":
            self.row = min(self.height - 1, self.row + count)
        elif sequence[-1] == "C":
            self.column = min(self.width - 1, self.column + count)
        elif sequence[-1] == "D":
            self.column = max(0, self.column - count)
        else:
            self._erase_below()

    def _erase_below(self) -> None:
        self._cells[self.row][self.column :] = [_BLANK] * (self.width - self.column)
        for row in range(self.row + 1, self.height):
            self._cells[row] = [_BLANK] * self.width

    def _feed(self) -> None:
        if self.row < self.height - 1:
            self.row += 1
            return
        self.scrolled.append(_shown(self._cells.pop(0)))
        self._cells.append([_BLANK] * self.width)

    def _print(self, character: str) -> None:
        cells = cell_len(character)
        if not cells:
            return
        if self.column + cells > self.width:
            self.column = 0
            self._feed()
        self._cells[self.row][self.column : self.column + cells] = [character, *[""] * (cells - 1)]
        self.column += cells


def _shown(row: Iterable[str]) -> str:
    return "".join(row).replace(_BLANK, " ").rstrip()


def _pieces(row: str, width: int) -> list[str]:
    return [row[at : at + width] for at in range(0, max(len(row), 1), width)]
