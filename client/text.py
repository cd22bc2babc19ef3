"""The one place where foreign text is made fit for a terminal.

Names, messages and paths come from other people. A terminal obeys some of what they may write:
escape sequences move the cursor and rename the window, bidirectional overrides turn a line around,
invisible characters hide in it, piles of combining marks cover the lines above. Nothing is
dropped in silence: what cannot be shown as it is, is shown as what it is::

    ESC and the other old control characters   their Unicode picture: ␛ ␇ ␍
    C1, bidi, invisible, lone surrogates       [U+202E], a run: [U+202E and 5 more]
    the ninth mark and later on one letter     [+57 marks]
    a mark with no letter to sit on            ◌ is put under it

Joiners stay where writing needs them (emoji families, Persian, Indic scripts): one in a place.
Markup of the printing library is none of this module's business: print the result as a literal.
"""

import unicodedata
from collections.abc import Iterable
from enum import Enum, auto
from itertools import groupby

# Vietnamese, Hebrew and Indic writing stack up to five; beyond is decoration that climbs.
MAX_MARKS = 8

TAB_CELLS = 4

_PICTURES = {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "␡"}
_JOINERS = "\u200c\u200d"
_DOTTED_CIRCLE = "◌"


class _Kind(Enum):
    PLAIN = auto()
    MARK = auto()
    HIDDEN = auto()


def clean(text: str) -> str:
    """Give ``text`` such that a terminal shows it and obeys nothing in it.

    Line feeds stay, tabs become spaces. Cleaning twice changes nothing more.

    Cost: linear; the result has at most 9 characters for each one of ``text``.
    """
    text = text.replace("\r\n", "\n").replace("\t", " " * TAB_CELLS)
    return "\n".join(map(_clean_line, text.split("\n")))


def clean_line(text: str) -> str:
    """Clean what belongs on one line: a name, a path, a reason. Line feeds become ``␊``."""
    return _clean_line(text)


def _clean_line(line: str) -> str:
    if line.isascii() and line.isprintable():
        return line
    pieces: list[str] = []
    for kind, run in groupby(line.translate(_PICTURES), _kind):
        follows_letter = bool(pieces) and not pieces[-1][-1].isspace()
        pieces.append(_SHOWN[kind](list(run), follows_letter))
    return "".join(pieces)


def _kind(character: str) -> _Kind:
    category = unicodedata.category(character)
    if category in ("Mn", "Me") or character in _JOINERS:
        return _Kind.MARK
    hidden = category in ("Cc", "Cf", "Cs", "Zl", "Zp")
    return _Kind.HIDDEN if hidden else _Kind.PLAIN


def _plain(run: list[str], _follows_letter: bool) -> str:
    return "".join(run)


def _hidden(run: list[str], _follows_letter: bool) -> str:
    first = f"U+{ord(run[0]):04X}"
    return f"[{first}]" if len(run) == 1 else f"[{first} and {len(run) - 1} more]"


def _marks(run: list[str], follows_letter: bool) -> str:
    joiners = [mark for mark in run if mark in _JOINERS]
    if len(joiners) > 1 or (joiners and not follows_letter):
        run = [mark for mark in run if mark not in _JOINERS]
        return _hidden(joiners, follows_letter) + (_marks(run, True) if run else "")
    base = "" if follows_letter else _DOTTED_CIRCLE
    rest = len(run) - MAX_MARKS
    return base + "".join(run[:MAX_MARKS]) + (f"[+{rest} marks]" if rest > 0 else "")


_SHOWN = {_Kind.PLAIN: _plain, _Kind.HIDDEN: _hidden, _Kind.MARK: _marks}


def shorten(text: str, most: int) -> str:
    """Give a cleaned one-line beginning of ``text`` of at most ``most`` characters."""
    line = clean_line(text[: most + 1])
    return line if len(line) <= most else line[: most - 1] + "…"


def join_words(words: Iterable[str], last: str = "and") -> str:
    """Join ``words`` as a sentence does: ``a, b and c``."""
    *others, end = words
    return f"{', '.join(others)} {last} {end}" if others else end
