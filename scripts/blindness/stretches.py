"""What is searched, as stretches of consecutive bytes cut into pieces.

A pattern may lie across two pieces of one stretch, never across two stretches.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

PIECE_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Stretch:
    """Consecutive bytes at some place.

    Attributes:
        place: where they are, for people: a file, a region of memory.
        start: offset or address of the first byte.
        pieces: the bytes, in order; may be read once.
    """

    place: str
    start: int
    pieces: Iterable[bytes]


def files(paths: Iterable[Path]) -> Iterator[Stretch]:
    """Give one stretch for each file, closed when it has been read."""
    for path in paths:
        with path.open("rb") as file:
            yield Stretch(path.name, 0, _pieces(file))


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(PIECE_BYTES):
        yield piece
