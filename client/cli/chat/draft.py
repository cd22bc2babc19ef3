"""The half-typed text: what it says, where the cursor stands, what was sent before."""

import unicodedata
from dataclasses import dataclass, replace
from typing import Final

MAX_RECALLED: Final = 200


@dataclass(frozen=True, slots=True)
class Draft:
    """A text and a cursor before its ``cursor``-th character."""

    text: str = ""
    cursor: int = 0

    @property
    def before(self) -> str:
        """What stands before the cursor."""
        return self.text[: self.cursor]

    @property
    def after(self) -> str:
        """What stands behind it."""
        return self.text[self.cursor :]

    def insert(self, text: str) -> "Draft":
        """Put ``text`` before the cursor."""
        return Draft(self.before + text + self.after, self.cursor + len(text))

    def move_to(self, cursor: int) -> "Draft":
        """Put the cursor elsewhere, within the text."""
        return replace(self, cursor=min(max(cursor, 0), len(self.text)))

    def left(self) -> "Draft":
        """Move over one letter with all its marks."""
        return self.move_to(_letter_before(self.text, self.cursor))

    def right(self) -> "Draft":
        """Move over one letter with all its marks."""
        return self.move_to(_letter_after(self.text, self.cursor))

    def word_left(self) -> "Draft":
        """Move to the beginning of the word before."""
        before = self.before.rstrip()
        return self.move_to(max(before.rfind(" "), before.rfind("\n")) + 1)

    def word_right(self) -> "Draft":
        """Move to the end of the word behind."""
        rest = self.after.lstrip()
        skipped = len(self.after) - len(rest)
        return self.move_to(self.cursor + skipped + len(rest.split(maxsplit=1)[0] if rest else ""))

    def erase_to(self, other: "Draft") -> "Draft":
        """Remove what lies between this cursor and that of ``other``, of the same text."""
        first, last = sorted((self.cursor, other.cursor))
        return Draft(self.text[:first] + self.text[last:], first)


def _letter_before(text: str, cursor: int) -> int:
    cursor -= 1
    while cursor > 0 and _joins(text, cursor):
        cursor -= 1
    return cursor


def _letter_after(text: str, cursor: int) -> int:
    cursor += 1
    while cursor < len(text) and _joins(text, cursor):
        cursor += 1
    return cursor


def _joins(text: str, at: int) -> bool:
    """Tell whether a character belongs to the one before it."""
    mark = unicodedata.category(text[at]) in ("Mn", "Me", "Cf")
    return mark or text[at - 1] == "\u200d"


class Recall:
    """What was sent before, for the Up key; a draft that is left is kept meanwhile."""

    def __init__(self) -> None:
        self._sent: list[str] = []
        self._at = 0
        self._left = ""

    def remember(self, text: str) -> None:
        """Keep what was sent, and begin again at the newest."""
        if text and self._sent[-1:] != [text]:
            self._sent = [*self._sent, text][-MAX_RECALLED:]
        self._at = len(self._sent)

    def older(self, draft: Draft) -> Draft:
        """Give the text sent before the present one; the draft itself if there is none."""
        if self._at == 0:
            return draft
        if self._at == len(self._sent):
            self._left = draft.text
        self._at -= 1
        return _ended(self._sent[self._at])

    def newer(self, draft: Draft) -> Draft:
        """Give the text sent after the present one, at last the draft that was left."""
        if self._at >= len(self._sent):
            return draft
        self._at += 1
        return _ended(self._sent[self._at] if self._at < len(self._sent) else self._left)


def _ended(text: str) -> Draft:
    return Draft(text, len(text))
