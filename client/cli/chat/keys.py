"""From the bytes of a terminal to keys.

Fed in any pieces, as a slow line delivers them. A paste arrives between two marks (bracketed paste)
and is one event, so that its line feeds do not send it in parts. What is not known is dropped.
"""

import codecs
import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

# More than a text may have: what is beyond could not be sent anyway.
MAX_PASTE_CHARS: Final = 100_000

_PASTE_BEGINS: Final = "\x1b[200~"
_PASTE_ENDS: Final = "\x1b[201~"
_SEQUENCE: Final = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|O[@-~]|[^\[O])", re.DOTALL)
_UNFINISHED: Final = re.compile(r"\x1b(?:\[[0-9;?]{0,32}[ -/]{0,4}|O)?")


class Key(Enum):
    """A key that does something."""

    ENTER = auto()
    NEW_LINE = auto()
    BACKSPACE = auto()
    DELETE = auto()
    LEFT = auto()
    RIGHT = auto()
    UP = auto()
    DOWN = auto()
    HOME = auto()
    END = auto()
    WORD_LEFT = auto()
    WORD_RIGHT = auto()
    ERASE_LINE = auto()
    ERASE_REST = auto()
    ERASE_WORD = auto()
    COMPLETE = auto()
    REDRAW = auto()
    CANCEL = auto()
    END_OF_INPUT = auto()


@dataclass(frozen=True, slots=True)
class Typed:
    """Characters that go into the draft, typed or pasted."""

    text: str


_CONTROLS: Final = {
    "\r": Key.ENTER, "\n": Key.ENTER, "\t": Key.COMPLETE,
    "\x7f": Key.BACKSPACE, "\x08": Key.BACKSPACE, "\x01": Key.HOME, "\x05": Key.END,
    "\x02": Key.LEFT, "\x06": Key.RIGHT, "\x10": Key.UP, "\x0e": Key.DOWN,
    "\x15": Key.ERASE_LINE, "\x0b": Key.ERASE_REST, "\x17": Key.ERASE_WORD,
    "\x0c": Key.REDRAW, "\x03": Key.CANCEL, "\x04": Key.END_OF_INPUT,
}  # fmt: skip

_SEQUENCES: Final = {
    "[A": Key.UP, "[B": Key.DOWN, "[C": Key.RIGHT, "[D": Key.LEFT,
    "OA": Key.UP, "OB": Key.DOWN, "OC": Key.RIGHT, "OD": Key.LEFT,
    "[H": Key.HOME, "[F": Key.END, "OH": Key.HOME, "OF": Key.END,
    "[1~": Key.HOME, "[4~": Key.END, "[7~": Key.HOME, "[8~": Key.END, "[3~": Key.DELETE,
    "[1;5C": Key.WORD_RIGHT, "[1;5D": Key.WORD_LEFT,
    "[1;3C": Key.WORD_RIGHT, "[1;3D": Key.WORD_LEFT, "f": Key.WORD_RIGHT, "b": Key.WORD_LEFT,
    "\x7f": Key.ERASE_WORD, "\r": Key.NEW_LINE, "\n": Key.NEW_LINE,
}  # fmt: skip


class KeyDecoder:
    """Turns bytes into keys; keeps what is not whole yet."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._pending = ""
        self._paste: str | None = None

    def feed(self, data: bytes) -> list[Key | Typed]:
        """Give the keys that ``data`` completes."""
        self._pending += self._decoder.decode(data)
        keys: list[Key | Typed] = []
        while self._pending:
            took = self._take_paste(keys) if self._paste is not None else self._take(keys)
            if not took:
                break
        return keys

    def _take(self, keys: list[Key | Typed]) -> bool:
        """Take one key or a run of characters from what is pending; False if it is not whole."""
        if self._pending.startswith("\x1b"):
            return self._take_sequence(keys)
        first = self._pending[0]
        if first.isprintable():
            self._take_characters(keys)
            return True
        self._pending = self._pending[1:]
        if first in _CONTROLS:
            keys.append(_CONTROLS[first])
        return True

    def _take_characters(self, keys: list[Key | Typed]) -> None:
        size = next(
            (at for at, each in enumerate(self._pending) if not each.isprintable()),
            len(self._pending),
        )
        keys.append(Typed(self._pending[:size]))
        self._pending = self._pending[size:]

    def _take_sequence(self, keys: list[Key | Typed]) -> bool:
        if _UNFINISHED.fullmatch(self._pending):
            return False
        match = _SEQUENCE.match(self._pending)
        sequence = match.group() if match else self._pending[:1]
        self._pending = self._pending[len(sequence) :]
        if sequence == _PASTE_BEGINS:
            self._paste = ""
        elif sequence[1:] in _SEQUENCES:
            keys.append(_SEQUENCES[sequence[1:]])
        return True

    def _take_paste(self, keys: list[Key | Typed]) -> bool:
        pasted, end, rest = self._pending.partition(_PASTE_ENDS)
        # The beginning of the end mark may be all that has come of it.
        keep = 0 if end else len(_PASTE_ENDS) - 1
        cut = max(0, len(pasted) - keep)
        self._paste = f"{self._paste}{pasted[:cut]}"[:MAX_PASTE_CHARS]
        self._pending = rest if end else pasted[cut:]
        if end:
            keys.append(Typed(self._paste.replace("\r\n", "\n").replace("\r", "\n")))
            self._paste = None
        return bool(end)
