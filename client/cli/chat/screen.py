"""What to write to a terminal so that lines appear above a half-typed draft.

    lines that were said           scroll up and away, and stay in the terminal's own history
    the lines still in view        may be rewritten: their marks change
    prompt and draft               always last; taken away and painted again around each change

Sans-I/O: every method returns the characters to write.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final

from client.cli.chat.draft import Draft
from client.cli.chat.layout import Painting, paint_draft, reflowed

BRACKETED_PASTE_ON: Final = "\x1b[?2004h"
BRACKETED_PASTE_OFF: Final = "\x1b[?2004l"

_ERASE_BELOW: Final = "\x1b[J"
_NOTHING: Final = Painting((), 0, 0)


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines that were said together, rendered, and what names them."""

    lines: str
    key: str | None

    @property
    def row_count(self) -> int:
        return self.lines.count("\n")


class Screen:
    """The state of the terminal's last rows, as far as they are ours.

    Args:
        width, height: cells and rows of the terminal.
    """

    def __init__(self, width: int, height: int) -> None:
        self._width, self._height = width, height
        self._prompt, self._draft = "", Draft()
        self._painting = _NOTHING
        self._blocks: deque[_Block] = deque()
        # Rows above the draft that are surely on the screen: a draft that grew has pushed others
        # off, which do not come back when it shrinks.
        self._reach = 0

    def resize(self, width: int, height: int) -> str:
        """Take a new size; the terminal has broken the rows that became too long already."""
        self._painting = reflowed(self._painting, width)
        self._width, self._height = width, height
        self._blocks.clear()
        self._reach = 0
        return self._away() + self._paint()

    def type(self, prompt: str, draft: Draft) -> str:
        """Show another prompt or draft."""
        away = self._away()
        self._prompt, self._draft = prompt, draft
        return away + self._paint()

    def say(self, lines: str, key: str | None = None) -> str:
        """Put lines above the draft.

        Args:
            lines: rendered for this width, each ended by a line feed.
            key: names them for :meth:`say_again`.
        """
        block = _Block(lines, key)
        self._blocks.append(block)
        self._reach += block.row_count
        shown = self._away() + lines.replace("\n", "\r\n") + self._paint()
        self._forget_out_of_reach()
        return shown

    def can_say_again(self, key: str) -> bool:
        """Tell whether the lines named ``key``, and all below them, are on the screen still."""
        at = self._place_of(key)
        return at is not None and self._rows_from(at) <= self._reach

    def say_again(self, lines: str, key: str) -> str:
        """Put other lines in the place of those named ``key``; only if :meth:`can_say_again`."""
        at = self._place_of(key) or 0
        rows, blocks = self._rows_from(at), [*self._blocks]
        up = self._away() + (f"\x1b[{rows}A" if rows else "") + _ERASE_BELOW
        self._blocks = deque(blocks[:at])
        self._reach -= rows
        again = [_Block(lines, key), *blocks[at + 1 :]]
        return up + "".join(self.say(block.lines, block.key) for block in again)

    def leave(self) -> str:
        """Take prompt and draft away for good."""
        return self._away()

    def _away(self) -> str:
        """Erase prompt and draft; the cursor is then where they began."""
        row = self._painting.cursor_row
        self._painting = _NOTHING
        return "\r" + (f"\x1b[{row}A" if row else "") + _ERASE_BELOW

    def _place_of(self, key: str) -> int | None:
        """Find the newest lines of this name."""
        places = range(len(self._blocks) - 1, -1, -1)
        return next((at for at in places if self._blocks[at].key == key), None)

    def _rows_from(self, at: int) -> int:
        return sum(block.row_count for block in [*self._blocks][at:])

    def _forget_out_of_reach(self) -> None:
        while self._blocks and self._rows_from(0) > self._reach:
            self._blocks.popleft()

    def _paint(self) -> str:
        most_rows = max(1, self._height // 2)
        painting = paint_draft(self._prompt, self._draft, self._width, most_rows)
        self._painting = painting
        self._reach = min(self._reach, self._height - len(painting.rows))
        up = len(painting.rows) - 1 - painting.cursor_row
        back = (f"\x1b[{up}A" if up else "") + "\r"
        right = f"\x1b[{painting.cursor_cell}C" if painting.cursor_cell else ""
        return "\r\n".join(painting.rows) + back + right
