"""What each key does to the draft."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from client.cli.chat.draft import Draft, Recall
from client.cli.chat.keys import Key, Typed

_MOVES: Final[dict[Key, Callable[[Draft], Draft]]] = {
    Key.LEFT: Draft.left,
    Key.RIGHT: Draft.right,
    Key.WORD_LEFT: Draft.word_left,
    Key.WORD_RIGHT: Draft.word_right,
    Key.HOME: lambda draft: draft.move_to(0),
    Key.END: lambda draft: draft.move_to(len(draft.text)),
}
_ERASURES: Final = {
    Key.BACKSPACE: Key.LEFT,
    Key.DELETE: Key.RIGHT,
    Key.ERASE_WORD: Key.WORD_LEFT,
    Key.ERASE_LINE: Key.HOME,
    Key.ERASE_REST: Key.END,
}


@dataclass
class Editor:
    """A draft under the user's fingers; sans-I/O.

    Attributes:
        complete: gives what a draft's beginning may become.
        draft: the present draft.
    """

    complete: Callable[[str], list[str]]
    draft: Draft = field(default_factory=Draft)
    recall: Recall = field(default_factory=Recall)

    def press(self, key: Key | Typed) -> str | None:
        """Take a key; gives the line when Enter ends it, else None.

        Raises:
            KeyboardInterrupt: Ctrl-C with nothing typed.
            EOFError: Ctrl-D with nothing typed.
        """
        if isinstance(key, Typed):
            self.draft = self.draft.insert(key.text)
        elif key is Key.ENTER:
            return self._enter()
        elif key in _MOVES:
            self.draft = _MOVES[key](self.draft)
        elif key in _ERASURES:
            self.draft = self.draft.erase_to(_MOVES[_ERASURES[key]](self.draft))
        else:
            self._press_other(key)
        return None

    def _press_other(self, key: Key) -> None:
        if key is Key.NEW_LINE:
            self.draft = self.draft.insert("\n")
        elif key is Key.UP:
            self.draft = self.recall.older(self.draft)
        elif key is Key.DOWN:
            self.draft = self.recall.newer(self.draft)
        elif key is Key.COMPLETE:
            self._complete()
        elif key is Key.CANCEL:
            self._cancel()
        elif key is Key.END_OF_INPUT:
            self._end()

    def _enter(self) -> str:
        line = self.draft.text
        self.recall.remember(line)
        self.draft = Draft()
        return line

    def _complete(self) -> None:
        """Add what all possibilities have in common."""
        begun = self.draft.before
        possible = self.complete(begun)
        if possible:
            self.draft = self.draft.insert(common_prefix(possible)[len(begun) :])

    def _cancel(self) -> None:
        if not self.draft.text:
            raise KeyboardInterrupt
        self.draft = Draft()

    def _end(self) -> None:
        if not self.draft.text:
            raise EOFError
        self.draft = self.draft.erase_to(self.draft.right())


def common_prefix(texts: list[str]) -> str:
    """Give what all of ``texts`` (at least one) begin with."""
    first, last = min(texts), max(texts)
    same = next(
        (at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first)
    )
    return first[:same]
