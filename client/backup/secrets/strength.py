"""How easily a password is guessed: an estimate, told while it is typed.

    "Tr0ub4dor1987!!"  ─▶  pieces: letters, a year, a repetition  ─▶  bits  ─▶  a level, in words

The password is cut into the pieces that are cheapest for a guesser: well-known
words (also with digits for letters, and backwards), sequences, rows of the keyboard,
repetitions, dates, the user's own names. Such a piece counts a few bits, any other character
what a guesser needs for one of its kind.

Why so small: the vaults stop an outsider after about ten guesses, so what has to be
refused is what anybody tries among the first. A large estimator brings hundreds of
kilobytes of lists for adversaries who have the vaults and the storage, and against these
only length helps.

Spec: docs/recovery.md#guesses
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import IntEnum
from itertools import takewhile
from typing import Final

from client.backup.secrets.well_known import WELL_KNOWN

_LEET: Final = str.maketrans("013457@$!|", "oleastasil")
_ROWS: Final = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm", "azertyuiop")
_RUNS: Final = ("abcdefghijklmnopqrstuvwxyz", "01234567890", *_ROWS)
_TRACKS: Final = _RUNS + tuple(run[::-1] for run in _RUNS)
_DATE: Final = re.compile(r"(?:19|20)\d\d|[0-3]?\d[./-][01]?\d[./-](?:\d\d){1,2}")
_REPETITION: Final = re.compile(r"(.{1,4}?)\1{2,}|(.{2,8}?)\2", re.DOTALL)

_WORD_BITS, _RUN_BITS, _DATE_BITS, _REPEAT_BITS, _OWN_BITS = 8.0, 4.0, 7.0, 3.0, 1.0
_LEAST_RUN: Final = 3
_LEAST_WORD: Final = 3
_BITS_OF_KIND: Final = ((str.isdigit, 3.3), (str.islower, 3.5), (str.isupper, 4.2))
_OTHER_BITS: Final = 5.0
"""A letter of a word that is on no list is easier to guess than a drawn one."""

MAX_JUDGED_CHARS: Final = 256
"""What is beyond counts nothing: a longer one is strong already."""


class Level(IntEnum):
    """How good a password is; ``TRIVIAL`` is refused."""

    TRIVIAL = 0
    WEAK = 1
    FAIR = 2
    STRONG = 3


_LEAST_BITS: Final = {Level.WEAK: 24.0, Level.FAIR: 38.0, Level.STRONG: 55.0}
_LEAST_CHARS: Final = 8
_LEAST_DIFFERENT_CHARS: Final = 4


@dataclass(frozen=True, slots=True)
class Strength:
    """An estimate: its level, and why it is no better, a sentence or empty."""

    bits: float
    level: Level
    why: str


@dataclass(frozen=True, slots=True)
class _Piece:
    size: int
    bits: float
    why: str = ""


def strength_of(password: str, own_words: Collection[str] = ()) -> Strength:
    """Estimate how hard a password is to guess.

    Args:
        own_words: what a guesser knows of the user: names, the storage's address.

    Cost: at most MAX_JUDGED_CHARS pieces, each compared with a few lists.
    """
    judged = password[:MAX_JUDGED_CHARS]
    pieces = _cut(judged, {word.lower() for word in own_words if len(word) >= _LEAST_WORD})
    bits = sum(piece.bits for piece in pieces)
    whys = [piece.why for piece in pieces if piece.why]
    if len(judged) < _LEAST_CHARS:
        return Strength(bits, Level.TRIVIAL, f"It has fewer than {_LEAST_CHARS} characters.")
    if len(set(judged)) < _LEAST_DIFFERENT_CHARS:
        return Strength(bits, Level.TRIVIAL, "It repeats very few characters.")
    level = max((each for each, least in _LEAST_BITS.items() if bits >= least), default=Level(0))
    return Strength(bits, level, "" if level is Level.STRONG or not whys else whys[0])


def _cut(password: str, own: Collection[str]) -> list[_Piece]:
    """Cut into the pieces that are cheapest to guess, from the end to the front."""
    lower, cuts = password.lower(), [list[_Piece]()]
    for at in reversed(range(len(password))):
        single = _Piece(1, _bits_of_character(password[at]))
        choices = [[piece, *cuts[piece.size - 1]] for piece in (single, *_known(lower, at, own))]
        cuts.insert(0, min(choices, key=lambda pieces: sum(piece.bits for piece in pieces)))
    return cuts[0]


def _known(lower: str, at: int, own: Collection[str]) -> list[_Piece]:
    rest = lower[at:]
    words = [
        *_words(rest, own, _OWN_BITS, "It holds a name that belongs to you or this backup."),
        *_words(rest, WELL_KNOWN, _WORD_BITS, "It holds a word that is tried first."),
    ]
    return [*words, *_runs(rest), *_matched(rest)]


def _words(rest: str, words: Collection[str], bits: float, why: str) -> list[_Piece]:
    plain = rest.translate(_LEET)
    longest = max(map(len, words), default=0)
    for size in range(min(longest, len(rest)), _LEAST_WORD - 1, -1):
        found = {rest[:size], plain[:size], rest[:size][::-1], plain[:size][::-1]}
        if not found.isdisjoint(words):
            return [_Piece(size, bits, why)]
    return []


def _runs(rest: str) -> list[_Piece]:
    size = max(_common_run(rest, track) for track in _TRACKS)
    why = "It holds neighbours of the keyboard, the alphabet or the numbers."
    return [_Piece(size, _RUN_BITS, why)] if size >= _LEAST_RUN else []


def _common_run(rest: str, track: str) -> int:
    """Give how many characters of ``rest`` go along ``track``."""
    start = track.find(rest[:1])
    if start < 0:
        return 0
    pairs = zip(rest, track[start:], strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _matched(rest: str) -> list[_Piece]:
    pieces = []
    if date := _DATE.match(rest):
        pieces.append(_Piece(len(date.group()), _DATE_BITS, "It holds a date."))
    if repeated := _REPETITION.match(rest):
        unit = repeated.group(1) or repeated.group(2)
        bits = _REPEAT_BITS + sum(map(_bits_of_character, unit))
        pieces.append(_Piece(len(repeated.group()), bits, "It repeats itself."))
    return pieces


def _bits_of_character(character: str) -> float:
    found = (bits for is_kind, bits in _BITS_OF_KIND if character.isascii() and is_kind(character))
    return next(found, _OTHER_BITS)
