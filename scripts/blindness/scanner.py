"""Find any of thousands of patterns, at a cost that does not grow with their number.

Searching each pattern by itself would read the haystack thousands of times.
Instead the haystack is read once, as 8-byte words at multiples of 8. Wherever 15
bytes of a pattern lie, they cover one such word, and that word is one of their eight
8-byte substrings::

    haystack   |.......P|PPPPPPPP|PPPPPP..|        words at multiples of 8
    pattern            P PPPPPPPP PPPPPP           substring at 1 is a whole word

So eight substrings of each pattern go into one set, and a piece of haystack whose words
are disjoint from it (one call, in C) holds no pattern. Only where a word is met the
patterns that own it are searched exactly. Shorter patterns (a user's name as a
positive control) are few, and are searched one by one.
"""

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from scripts.blindness.canaries import Canary
from scripts.blindness.encodings import patterns_of
from scripts.blindness.stretches import Stretch

WORD_BYTES: Final = 8
MIN_FILTERED_BYTES: Final = 2 * WORD_BYTES - 1


@dataclass(frozen=True, slots=True)
class Needle:
    """One pattern of one canary."""

    canary: Canary
    form: str
    pattern: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Hit:
    """A needle was found: its first occurrence in a stretch."""

    canary: Canary
    form: str
    place: str
    offset: int

    def __str__(self) -> str:
        """Say what was found and where, without its value."""
        return f"{self.canary.label} ({self.form}) in {self.place} at {self.offset:#x}"


@dataclass(frozen=True, slots=True)
class Findings:
    """What searching some stretches gave; adding sums up."""

    searched_bytes: int = 0
    hits: tuple[Hit, ...] = ()

    def __add__(self, other: "Findings") -> "Findings":
        """Sum up two searches."""
        return Findings(self.searched_bytes + other.searched_bytes, self.hits + other.hits)


class Scanner:
    """Searches for canaries in all their forms.

    Args:
        canaries: of any length; those under 15 bytes cost a search each and may be
            found by chance, so they serve as controls only.
    """

    def __init__(self, canaries: Iterable[Canary]) -> None:
        self.needles = tuple(_needles(canaries))
        self._overlap = max((len(needle.pattern) for needle in self.needles), default=1) - 1
        self._short = [n for n in self.needles if len(n.pattern) < MIN_FILTERED_BYTES]
        self._owners = _owners_of_words(self.needles)
        self._words = frozenset(self._owners)

    def search(self, stretches: Iterable[Stretch]) -> Findings:
        """Search ``stretches``; each needle is reported once in each of them.

        Cost: about 3 ms a megabyte, whatever the number of needles.
        """
        return sum((self._search_one(stretch) for stretch in stretches), Findings())

    def _search_one(self, stretch: Stretch) -> Findings:
        first_at: dict[Needle, int] = {}
        end = stretch.start
        carry = b""
        for piece in stretch.pieces:
            window = carry + piece
            window_start = end - len(carry)
            for needle, index in self._occurrences(window):
                first_at.setdefault(needle, window_start + index)
            end += len(piece)
            carry = window[max(0, len(window) - self._overlap) :]
        hits = [Hit(n.canary, n.form, stretch.place, offset) for n, offset in first_at.items()]
        hits.sort(key=lambda hit: (hit.offset, hit.form))
        return Findings(end - stretch.start, tuple(hits))

    def _occurrences(self, window: bytes) -> Iterator[tuple[Needle, int]]:
        for needle in self._candidates(window):
            index = window.find(needle.pattern)
            if index >= 0:
                yield needle, index

    def _candidates(self, window: bytes) -> Iterable[Needle]:
        """Give the needles that may be in ``window``: nearly always the short ones alone."""
        whole_words = len(window) // WORD_BYTES * WORD_BYTES
        words = memoryview(window)[:whole_words].cast("Q")
        if self._words.isdisjoint(words):
            return self._short
        met = self._words.intersection(words)
        return {*self._short, *(needle for word in met for needle in self._owners[word])}


def _needles(canaries: Iterable[Canary]) -> Iterator[Needle]:
    """Give each pattern once: hex of digits alone, say, is the same in both cases."""
    known: set[bytes] = set()
    for canary in canaries:
        for form, pattern in _patterns(canary.value):
            if pattern not in known:
                known.add(pattern)
                yield Needle(canary, form, pattern)


def _patterns(value: bytes) -> Iterable[tuple[str, bytes]]:
    """Give all forms; of a short control the raw one, because each would cost a search."""
    return patterns_of(value) if len(value) >= MIN_FILTERED_BYTES else [("raw", value)]


def _owners_of_words(needles: Iterable[Needle]) -> Mapping[int, list[Needle]]:
    owners: defaultdict[int, list[Needle]] = defaultdict(list)
    for needle in needles:
        if len(needle.pattern) >= MIN_FILTERED_BYTES:
            for word in _words_of(needle.pattern):
                owners[word].append(needle)
    return owners


def _words_of(pattern: bytes) -> Iterator[int]:
    """Give eight words, at eight places in a row: one of them lies at a multiple of 8.

    Any such row will do; the one with the most different bytes is met least by chance.
    """
    rows = range(len(pattern) - MIN_FILTERED_BYTES + 1)
    best = max(rows, key=lambda start: len({*pattern[start : start + MIN_FILTERED_BYTES]}))
    for start in range(best, best + WORD_BYTES):
        yield int.from_bytes(pattern[start : start + WORD_BYTES], sys.byteorder)
