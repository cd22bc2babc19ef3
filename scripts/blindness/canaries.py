"""Canaries: bytes that exist in one run only, so that finding them proves a leak.

A canary must be unlikely by itself (drawn anew for each run, so that nothing
left over from another run counts) and long enough for the scanner.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

RandomBytes = Callable[[int], bytes]

_CONSONANTS: Final = "bdfghklmnprstvwz"
_VOWELS: Final = "aeiou"
_SYLLABLES_COUNT: Final = 8


@dataclass(frozen=True, slots=True)
class Canary:
    """Something to search for.

    Attributes:
        label: what it is, for people; never its value.
        value: the bytes, not shown in reprs because they may be a key.
    """

    label: str
    value: bytes = field(repr=False)


def random_word(random_bytes: RandomBytes) -> str:
    """Draw a pronounceable word of 16 letters that no dictionary holds.

    One word, so that a full-text search finds it; 8 syllables of 80, about 50
    bits, so that it does not occur by chance.
    """
    drawn = random_bytes(2 * _SYLLABLES_COUNT)
    pairs = zip(drawn[::2], drawn[1::2], strict=True)
    return "".join(
        _CONSONANTS[first % len(_CONSONANTS)] + _VOWELS[second % len(_VOWELS)]
        for first, second in pairs
    )
