"""Replacing what cannot be replaced: two blobs in turn, the one with the higher number counts.

    turn 0: 4 || old          turn 0: 4 || old        turn 0: 4 || old
    turn 1: 3 || older   ─▶   turn 1: -          ─▶   turn 1: 5 || new

A blob is there whole or not at all, so at every instant one of both is whole.

Spec: docs/formats.md#on-a-relay
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from client.backup.targets.interface import MAX_REPLACED_BYTES
from protocol.encoding import u64

_NUMBER_BYTES: Final = 8
MAX_STORED_BYTES: Final = _NUMBER_BYTES + MAX_REPLACED_BYTES
# A number that nobody counts to was made up; raised by one it would not fit its field.
_HIGHEST: Final = 2**63


@dataclass(frozen=True, slots=True)
class Generation:
    """One of the two blobs, read."""

    turn: int
    number: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Write:
    """What goes where next."""

    turn: int
    stored: bytes


def read_both(stored: Sequence[bytes | None]) -> list[Generation]:
    """Read what is stored under turn 0 and 1; None, and what is no such blob, is left out."""
    generations = []
    for turn, each in enumerate(stored):
        if each is not None and _NUMBER_BYTES <= len(each) <= MAX_STORED_BYTES:
            number = int.from_bytes(each[:_NUMBER_BYTES])
            if number < _HIGHEST:
                generations.append(Generation(turn, number, each[_NUMBER_BYTES:]))
    return generations


def newest(generations: Sequence[Generation]) -> Generation | None:
    """Give the one that counts, if there is one."""
    return max(generations, key=lambda each: each.number, default=None)


def next_write(generations: Sequence[Generation], data: bytes) -> Write | None:
    """Say where ``data`` goes; None if it is what counts already."""
    last = newest(generations)
    if last is None:
        return Write(0, u64(1) + data)
    if last.data == data:
        return None
    return Write(1 - last.turn, u64(last.number + 1) + data)
