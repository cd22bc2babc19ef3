"""A terminal for tests: just the sequences that the chat writes, and none other."""

import re

from rich.cells import cell_len

_TOKEN = re.compile(r"\x1b\[(\?2004[hl]|[\d;]*m|\d*[ABCDJ])|(\r)|(\n)|([^\x1b\r\n])")


class Emulator:
    """A grid of cells and a cursor; wraps as terminals do, scrolls when full."""

    def __init__(self, width: int = 80, height: int = 24) -> None:
        self.width, self.height = width, height
        self.scrolled: list[str] = []
        self._cells = [[" "] * width for _ in range(height)]
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
        return ["".join(row).rstrip() for row in self._cells]

    @property
    def shown(self) -> list[str]:
        """All rows ever shown and not erased, without empty ones at the end."""
        rows = [*self.scrolled, *self.rows]
        while rows and not rows[-1]:
            rows.pop()
        return rows

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
        self._cells[self.row][self.column :] = [" "] * (self.width - self.column)
        for row in range(self.row + 1, self.height):
            self._cells[row] = [" "] * self.width

    def _feed(self) -> None:
        if self.row < self.height - 1:
            self.row += 1
            return
        self.scrolled.append("".join(self._cells.pop(0)).rstrip())
        self._cells.append([" "] * self.width)

    def _print(self, character: str) -> None:
        cells = cell_len(character)
        if not cells:
            return
        if self.column + cells > self.width:
            self.column = 0
            self._feed()
        self._cells[self.row][self.column : self.column + cells] = [character, *[""] * (cells - 1)]
        self.column += cells
