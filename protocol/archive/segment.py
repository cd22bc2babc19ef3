"""A segment: consecutive messages of one conversation, compressed alone.

    u8(version = 1) || zstandard frame of strict msgpack
        [conversation, count, 11 columns of the rows, 3 columns of the facts]

Never two conversations and never a key in one frame: what a stranger writes would
else show in its compressed size what stands beside it.

Spec: docs/formats.md#segment
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import zstandard

from protocol.archive.facts import PackedFact
from protocol.archive.rows import (
    MessageRow,
    pack_numbers,
    pack_rows,
    require_bytes_untrusted,
    unpack_numbers_untrusted,
    unpack_rows_untrusted,
)
from protocol.errors import InvalidName, NotUnicode, OutOfRange, UnsupportedVersion, WireError
from protocol.ids import Name, parse_name
from protocol.limits import MAX_SEGMENT_BYTES, MAX_SEGMENT_FACTS, MAX_SEGMENT_MESSAGES
from protocol.packing import pack_value, require_canonical, unpack_value_untrusted

SEGMENT_VERSION: Final = 1

_LEVEL: Final = 1
"""Higher ones take twice the time for a tenth of the size."""
_ROW_COLUMNS: Final = len(MessageRow._fields)
_PARTS: Final = 2 + _ROW_COLUMNS + len(PackedFact._fields)
_MOST_BYTES_OF_A_CHARACTER: Final = 4
_MOST_BYTES_AROUND: Final = 96
"""Around the text of a row, or the body of a fact."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Rows of one conversation by position, and the facts about them, by position too."""

    conversation: Name
    rows: tuple[MessageRow, ...]
    facts: tuple[PackedFact, ...] = ()

    @property
    def most_bytes(self) -> int:
        """More than its encoding takes before compression."""
        characters = sum(len(row.text) for row in self.rows)
        bodies = sum(len(fact.body) for fact in self.facts)
        around = (1 + len(self.rows) + len(self.facts)) * _MOST_BYTES_AROUND
        return around + characters * _MOST_BYTES_OF_A_CHARACTER + bodies


def cut(segment: Segment) -> Iterator[Segment]:
    """Divide what may be too large into segments that can be encoded.

    A single message that is too large with all its facts remains, and is refused
    when it is encoded.
    """
    for start in range(0, len(segment.rows), MAX_SEGMENT_MESSAGES):
        yield from _halved(_part(segment, start, start + MAX_SEGMENT_MESSAGES))


def encode_segment(segment: Segment) -> bytes:
    """Give the object's content.

    Raises:
        OutOfRange: no rows or too many, a number that does not fit, or a fact
            that is out of order or of no row here. See :func:`cut`.
        NotUnicode: a text holds half of a character.
    """
    rows, facts = segment.rows, segment.facts
    if not 1 <= len(rows) <= MAX_SEGMENT_MESSAGES or len(facts) > MAX_SEGMENT_FACTS:
        raise OutOfRange(f"segments of 1 to {MAX_SEGMENT_MESSAGES} messages")
    if not _belong(rows, facts):
        raise OutOfRange("facts about the segment's messages, in their order")
    plain = [segment.conversation, len(rows), *pack_rows(rows), *_pack_facts(facts)]
    try:
        packed = pack_value(plain)
    except UnicodeEncodeError as error:
        raise NotUnicode from error
    if len(packed) > MAX_SEGMENT_BYTES:
        raise OutOfRange(f"segments of {MAX_SEGMENT_BYTES} bytes")
    return bytes([SEGMENT_VERSION]) + zstandard.ZstdCompressor(_LEVEL).compress(packed)


def decode_segment_untrusted(content: bytes) -> Segment:
    """Read an object's content.

    Raises:
        UnsupportedVersion: a newer segment.
        WireError: it is malformed, or larger than it may be.
    Cost: at most MAX_SEGMENT_BYTES of memory, whatever the frame claims.
    """
    if content[:1] != bytes([SEGMENT_VERSION]):
        raise UnsupportedVersion("segment", content[0] if content else 0)
    packed = _expand_untrusted(content[1:])
    most_items = max(MAX_SEGMENT_MESSAGES, MAX_SEGMENT_FACTS)
    plain = unpack_value_untrusted(packed, MAX_SEGMENT_BYTES, most_items)
    segment = _segment_untrusted(plain)
    require_canonical(packed, pack_value(plain))
    return segment


def _halved(segment: Segment) -> Iterator[Segment]:
    small = len(segment.facts) <= MAX_SEGMENT_FACTS and segment.most_bytes <= MAX_SEGMENT_BYTES
    count = len(segment.rows)
    if small or count == 1:
        yield segment
        return
    yield from _halved(_part(segment, 0, count // 2))
    yield from _halved(_part(segment, count // 2, count))


def _part(segment: Segment, start: int, stop: int) -> Segment:
    """Give the rows from ``start`` to ``stop`` with their facts."""
    rows = segment.rows[start:stop]
    ends = (rows[0].position, rows[-1].position + 1)
    first, last = (bisect_left(segment.facts, end, key=lambda fact: fact.position) for end in ends)
    return replace(segment, rows=rows, facts=segment.facts[first:last])


def _segment_untrusted(plain: Any) -> Segment:
    if type(plain) is not list or len(plain) != _PARTS:
        raise WireError("a segment of a wrong shape")
    name, count, *columns = plain
    if type(name) is not str or type(count) is not int or not 1 <= count <= MAX_SEGMENT_MESSAGES:
        raise WireError("a segment of no conversation or length")
    try:
        conversation = parse_name(name)
    except InvalidName as error:
        raise WireError("a segment of no conversation") from error
    rows = unpack_rows_untrusted(columns[:_ROW_COLUMNS], count)
    facts = _unpack_facts_untrusted(columns[_ROW_COLUMNS:])
    if not _belong(rows, facts):
        raise WireError("facts about no message of the segment, or out of order")
    return Segment(conversation, rows, facts)


def _expand_untrusted(frame: bytes) -> bytes:
    try:
        # Asked first: the library allocates what the frame claims, whatever limit it is given.
        claimed = zstandard.frame_content_size(frame)
        if not 0 < claimed <= MAX_SEGMENT_BYTES:
            raise WireError("a segment that expands to more than it may")
        expander = zstandard.ZstdDecompressor(max_window_size=MAX_SEGMENT_BYTES)
        return expander.decompress(frame, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise WireError("a segment that does not expand") from error


def _belong(rows: Sequence[MessageRow], facts: Sequence[PackedFact]) -> bool:
    positions = [fact.position for fact in facts]
    return positions == sorted(positions) and {row.position for row in rows}.issuperset(positions)


def _pack_facts(facts: Sequence[PackedFact]) -> list[Any]:
    try:
        kinds = bytes(fact.kind for fact in facts)
    except ValueError as error:
        raise OutOfRange("u8") from error
    bodies = [fact.body for fact in facts]
    return [pack_numbers(fact.position for fact in facts), kinds, bodies]


def _unpack_facts_untrusted(columns: Sequence[Any]) -> tuple[PackedFact, ...]:
    positions, kinds, bodies = columns
    if type(bodies) is not list or len(bodies) > MAX_SEGMENT_FACTS:
        raise WireError("facts that are none")
    if set(map(type, bodies)) - {bytes}:
        raise WireError("facts that are no bytes")
    numbers = unpack_numbers_untrusted(positions, len(bodies))
    columns = (numbers, require_bytes_untrusted(kinds, len(bodies)), bodies)
    return tuple(map(PackedFact._make, zip(*columns, strict=True)))
