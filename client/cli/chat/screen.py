"""What to write to a terminal so that lines appear above a half-typed draft.

    lines that were said           scroll up and away, and stay in the terminal's own history
    the newest line                may still be rewritten: its mark changes
    prompt and draft               always last; taken away and painted again around each change

Sans-I/O: every method returns the characters to write.
"""

from typing import Final

from client.cli.chat.draft import Draft
from client.cli.chat.layout import Painting, paint_draft, reflowed

BRACKETED_PASTE_ON: Final = "\x1b[?2004h"
BRACKETED_PASTE_OFF: Final = "\x1b[?2004l"

_ERASE_BELOW: Final = "\x1b[J"
_NOTHING: Final = Painting((), 0, 0)


class Screen:
    """The state of the terminal's last rows, as far as they are ours.

    Args:
        width, height: cells and rows of the terminal.
    """

    def __init__(self, width: int, height: int) -> None:
        self._width, self._height = width, height
        self._prompt, self._draft = "", Draft()
        self._painting = _NOTHING
        self._newest: str | None = None
        self._newest_rows = 0

    def resize(self, width: int, height: int) -> str:
        """Take a new size; the terminal has broken the rows that became too long already."""
        self._painting = reflowed(self._painting, width)
        self._width, self._height = width, height
        self._newest = None
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
        away = self._away()
        self._newest, self._newest_rows = key, lines.count("\n")
        return away + lines.replace("\n", "\r\n") + self._paint()

    def can_say_again(self, key: str) -> bool:
        """Tell whether the lines named ``key`` are the newest and all on the screen still."""
        rows = self._newest_rows + len(self._painting.rows)
        return key == self._newest and rows < self._height

    def say_again(self, lines: str, key: str) -> str:
        """Put other lines in the place of the newest; only if :meth:`can_say_again`."""
        up = f"\x1b[{self._newest_rows}A" if self._newest_rows else ""
        return self._away() + up + _ERASE_BELOW + self.say(lines, key)

    def leave(self) -> str:
        """Take prompt and draft away for good."""
        return self._away()

    def _away(self) -> str:
        """Erase prompt and draft; the cursor is then where they began."""
        row = self._painting.cursor_row
        self._painting = _NOTHING
        return "\r" + (f"\x1b[{row}A" if row else "") + _ERASE_BELOW

    def _paint(self) -> str:
        most_rows = max(1, self._height // 2)
        painting = paint_draft(self._prompt, self._draft, self._width, most_rows)
        self._painting = painting
        up = len(painting.rows) - 1 - painting.cursor_row
        back = (f"\x1b[{up}A" if up else "") + "\r"
        right = f"\x1b[{painting.cursor_cell}C" if painting.cursor_cell else ""
        return "\r\n".join(painting.rows) + back + right
