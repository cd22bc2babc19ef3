"""Messages as columns: how the rows of a segment become bytes, in one pass.

A column of numbers is written by *planes*: the first (highest) byte of each of its
u64, then the second of each, and so on. Neighbouring times differ in their last
bytes only, so most planes are long runs, and the compressor does in no time what
deltas would do slowly here.

Columns, not records: a million messages take half a second this way, and several
when each is an object of its own.

Spec: docs/formats.md#segment
"""

import sys
from array import array
from collections.abc import Iterable, Sequence
from enum import IntEnum, IntFlag
from operator import lt
from typing import Any, Final, NamedTuple

from protocol.errors import OutOfRange, WireError
from protocol.ids import IDENTIFIER_BYTES

_NUMBER_BYTES: Final = 8


class RowKind(IntEnum):
    """What a line of a conversation is. Numbers are final; a newer program's are kept."""

    TEXT = 1
    MEDIA = 2
    UNSUPPORTED = 3
    UNREADABLE = 4
    NOTICE = 5
    DELETED = 6


class RowFlag(IntFlag):
    """What is true of a line. Bits are final; a newer program's are kept."""

    OURS = 1
    SHOWN = 2
    REPAIRED = 4


class MessageRow(NamedTuple):
    """One line of a conversation. A tuple, so that a row of a database is one already.

    Args:
        position: counts the conversation's lines as they were filed; never used again.
        kind, state, flags: u8 each; state as docs/formats.md#history has it.
        message_id: 16 bytes.
        series, counter: of the sender; the counter is 0 for what is not counted.
        order_ms: what the conversation is sorted by.
        arrival_ms: at the relay; 0 for what has not been there.
        text: of a text its words, of a notice its sentence, else empty.
    """

    position: int
    kind: int
    state: int
    flags: int
    message_id: bytes
    series: int
    counter: int
    order_ms: int
    sent_at_ms: int
    arrival_ms: int
    text: str


def pack_rows(rows: Sequence[MessageRow]) -> list[Any]:
    """Give the columns of at least one row, in the order of MessageRow.

    Raises:
        OutOfRange: a number does not fit, positions do not rise, or an id is
            not 16 bytes.
    """
    position, kind, state, flags, ids, *numbers, text = zip(*rows, strict=True)
    if set(map(len, ids)) != {IDENTIFIER_BYTES} or not rising(position):
        raise OutOfRange("rows of rising positions with ids of 16 bytes")
    small = [_pack_small(column) for column in (kind, state, flags)]
    return [
        pack_numbers(position),
        *small,
        b"".join(ids),
        *map(pack_numbers, numbers),
        list(text),
    ]


def unpack_rows_untrusted(columns: Sequence[Any], count: int) -> tuple[MessageRow, ...]:
    """Read ``count`` rows from their columns.

    Raises:
        WireError: a column is missing, of another type or length, or positions
            do not rise.
    Cost: linear in ``count`` and the columns' sizes.
    """
    if len(columns) != len(MessageRow._fields):
        raise WireError(f"rows of {len(columns)} columns")
    position, kind, state, flags, ids, *numbers, text = columns
    positions = unpack_numbers_untrusted(position, count)
    if not rising(positions):
        raise WireError("positions that do not rise")
    if type(text) is not list or len(text) != count or set(map(type, text)) - {str}:
        raise WireError("texts that are none")
    plain = (
        positions,
        *(require_bytes_untrusted(column, count) for column in (kind, state, flags)),
        _ids_untrusted(ids, count),
        *(unpack_numbers_untrusted(column, count) for column in numbers),
        text,
    )
    return tuple(map(MessageRow._make, zip(*plain, strict=True)))


def pack_numbers(column: Iterable[int]) -> bytes:
    """Give a column of u64 by planes.

    Raises:
        OutOfRange: one is no u64.
    """
    try:
        numbers = array("Q", column)
    except (OverflowError, TypeError) as error:
        raise OutOfRange("u64") from error
    if sys.byteorder == "little":
        numbers.byteswap()
    flat = numbers.tobytes()
    return b"".join(flat[plane::_NUMBER_BYTES] for plane in range(_NUMBER_BYTES))


def unpack_numbers_untrusted(planes: Any, count: int) -> Sequence[int]:
    """Read a column of ``count`` u64.

    Raises:
        WireError: of another type or length.
    """
    require_bytes_untrusted(planes, count * _NUMBER_BYTES)
    flat = bytearray(len(planes))
    for plane in range(_NUMBER_BYTES):
        flat[plane::_NUMBER_BYTES] = planes[plane * count : (plane + 1) * count]
    numbers = array("Q", bytes(flat))
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers


def require_bytes_untrusted(column: Any, size: int) -> bytes:
    """Give ``column`` if it is ``size`` bytes.

    Raises:
        WireError: it is not.
    """
    if type(column) is not bytes or len(column) != size:
        raise WireError("a column of a wrong type or length")
    return column


def rising(positions: Sequence[int]) -> bool:
    """Tell whether each is higher than the one before."""
    return all(map(lt, positions, positions[1:]))


def _pack_small(column: Iterable[int]) -> bytes:
    try:
        return bytes(column)
    except (ValueError, TypeError) as error:
        raise OutOfRange("u8") from error


def _ids_untrusted(joined: Any, count: int) -> list[bytes]:
    require_bytes_untrusted(joined, count * IDENTIFIER_BYTES)
    ends = range(0, len(joined), IDENTIFIER_BYTES)
    return [joined[at : at + IDENTIFIER_BYTES] for at in ends]
