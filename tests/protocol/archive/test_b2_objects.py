"""B2 for objects: what a storage changes, cuts, swaps, replays or adds is found, and named."""

import hashlib
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.archive.header import HEADER_BYTES, new_header
from protocol.archive.keys import ObjectKey
from protocol.archive.layout import ObjectKind
from protocol.archive.opening import OpenObject, open_bytes_untrusted, reader_of
from protocol.archive.sealing import seal_bytes, seal_object, sealed_size
from protocol.archive.shape import SEALED_CHUNK_BYTES
from protocol.encoding import u64
from protocol.errors import (
    ContentSizeDiffers,
    NotAnObject,
    ObjectDamaged,
    ObjectExtended,
    ObjectNotOpened,
    ObjectTruncated,
    TooLong,
    UnsupportedVersion,
)
from protocol.limits import MAX_OBJECT_BYTES, OBJECT_CHUNK_BYTES, OBJECT_FLOOR_BYTES
from tests.support.randomness import SeededBytes

MEDIA, SEGMENT = ObjectKind.MEDIA, ObjectKind.SEGMENT
DRAW = SeededBytes("objects")
KEY, OTHER_KEY = ObjectKey.generate(DRAW), ObjectKey.generate(DRAW)
SMALL = seal_bytes(MEDIA, KEY, b"a small medium", DRAW)
CONTENT = hashlib.shake_256(b"large").digest(3 * OBJECT_CHUNK_BYTES + 777)
LARGE = seal_bytes(MEDIA, KEY, CONTENT, DRAW)
LAST = (len(LARGE) - HEADER_BYTES) // SEALED_CHUNK_BYTES

Refused = (NotAnObject, ObjectNotOpened, UnsupportedVersion, ObjectDamaged)


def _open(stored: bytes, key: ObjectKey = KEY, kind: ObjectKind = MEDIA) -> bytes:
    return open_bytes_untrusted(kind, key, stored)


def _chunk(index: int) -> slice:
    start = HEADER_BYTES + index * SEALED_CHUNK_BYTES
    return slice(start, start + SEALED_CHUNK_BYTES)


def _flipped(stored: bytes, place: int, bit: int = 0) -> bytes:
    changed = bytearray(stored)
    changed[place] ^= 1 << bit
    return bytes(changed)


@pytest.mark.parametrize("size", [0, 1, 4_088, 4_089, 65_527, 65_528, 65_529, 131_064, 200_000])
def test_content_comes_back(size: int) -> None:
    content = CONTENT[:size]
    stored = seal_bytes(MEDIA, KEY, content, DRAW)
    assert len(stored) == sealed_size(size)
    assert _open(stored) == content


@settings(max_examples=30)
@given(st.integers(0, len(CONTENT) + 10), st.integers(0, 2 * OBJECT_CHUNK_BYTES))
def test_any_range_can_be_read(offset: int, length: int) -> None:
    opened = OpenObject(MEDIA, KEY, reader_of(LARGE))
    assert opened.content_bytes == len(CONTENT)
    assert opened.read(offset, length) == CONTENT[offset : offset + length]


@settings(max_examples=30)
@given(st.lists(st.integers(0, 70_000), max_size=6))
def test_the_cut_of_the_blocks_leaves_no_trace(sizes: list[int]) -> None:
    blocks = [CONTENT[:size] for size in sizes]
    stored = b"".join(seal_object(MEDIA, KEY, blocks, sum(sizes), SeededBytes("same")))
    assert stored == seal_bytes(MEDIA, KEY, b"".join(blocks), SeededBytes("same"))


def test_a_read_costs_the_chunks_that_hold_it() -> None:
    asked: list[tuple[int, int]] = []

    def read_at(offset: int, length: int) -> bytes:
        asked.append((offset, length))
        return LARGE[offset : offset + length]

    opened = OpenObject(MEDIA, KEY, read_at)
    asked.clear()
    opened.read(OBJECT_CHUNK_BYTES, 100)
    assert asked == [(_chunk(1).start, SEALED_CHUNK_BYTES)]


def test_sealing_and_opening_hold_few_chunks() -> None:
    """The blocks come one by one, and the chunks go one by one."""
    taken = 0

    def blocks() -> Iterator[bytes]:
        nonlocal taken
        for _ in range(40):
            taken += 1
            yield bytes(OBJECT_CHUNK_BYTES)

    given_out = seal_object(MEDIA, KEY, blocks(), 40 * OBJECT_CHUNK_BYTES, DRAW)
    for index, _ in zip(range(10), given_out, strict=False):
        assert taken <= index + 2


# --- what a storage may do -----------------------------------------------------


def test_b2_every_bit_of_a_small_object_counts() -> None:
    for place in range(len(SMALL)):
        with pytest.raises(Refused):
            _open(_flipped(SMALL, place, place % 8))


def test_b2_reserved_bytes_are_read_before_any_chunk() -> None:
    for place in (*range(10, 16), *range(88, 96)):
        with pytest.raises(NotAnObject, match="header"):
            _open(_flipped(SMALL, place)[:HEADER_BYTES])


@pytest.mark.parametrize("length", [10, 9, 100_000])
def test_padding_that_is_not_zeros_or_of_another_length_is_refused(length: int) -> None:
    """Only who has the key can make it: there is one object for a content and a salt."""
    header, cipher = new_header(MEDIA, KEY, OBJECT_FLOOR_BYTES, DRAW)
    plain = (u64(length) + b"ten letters").ljust(OBJECT_FLOOR_BYTES, b"\0")
    stored = header + cipher.encrypt(bytes(11) + b"\1", plain, header)
    with pytest.raises(NotAnObject, match="padding"):
        _open(stored)


def test_b2_a_flip_names_its_chunk() -> None:
    for index in range(LAST + 1):
        for place in range(_chunk(index).start, min(_chunk(index).stop, len(LARGE)), 9_973):
            with pytest.raises(ObjectDamaged) as caught:
                _open(_flipped(LARGE, place))
            assert caught.value.chunk == index


@pytest.mark.parametrize("size", range(0, len(SMALL), 61))
def test_b2_a_cut_small_object_is_refused(size: int) -> None:
    with pytest.raises((NotAnObject, ObjectTruncated)):
        _open(SMALL[:size])


def test_b2_a_cut_names_its_chunk() -> None:
    for index in range(LAST + 1):
        for size in (_chunk(index).start, _chunk(index).start + 100):
            with pytest.raises(ObjectTruncated) as caught:
                _open(LARGE[:size])
            assert caught.value.chunk == index


@pytest.mark.parametrize("stored", [SMALL, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("more", [b"\0", SMALL, LARGE[_chunk(1)]], ids=["byte", "object", "chunk"])
def test_b2_an_extended_object_is_refused(stored: bytes, more: bytes) -> None:
    with pytest.raises(ObjectExtended):
        _open(stored + more)


def test_b2_chunks_do_not_trade_places() -> None:
    first, second = LARGE[_chunk(1)], LARGE[_chunk(2)]
    swapped = LARGE[: _chunk(1).start] + second + first + LARGE[_chunk(2).stop :]
    with pytest.raises(ObjectDamaged) as caught:
        _open(swapped)
    assert caught.value.chunk == 1


def test_b2_a_chunk_of_another_sealing_of_the_same_content_is_refused() -> None:
    again = seal_bytes(MEDIA, KEY, CONTENT, DRAW)
    mixed = LARGE[: _chunk(1).start] + again[_chunk(1)] + LARGE[_chunk(1).stop :]
    with pytest.raises(ObjectDamaged) as caught:
        _open(mixed)
    assert caught.value.chunk == 1


def test_b2_an_inner_chunk_cannot_become_the_last() -> None:
    """A storage that cuts an object and writes a shorter length into its header."""
    shorter = seal_bytes(MEDIA, KEY, CONTENT[: OBJECT_CHUNK_BYTES - 8], DRAW)
    forged = LARGE[:48] + shorter[48:56] + LARGE[56 : _chunk(0).stop]
    with pytest.raises(ObjectNotOpened):
        _open(forged)


def test_b2_another_object_in_its_place_is_refused() -> None:
    with pytest.raises(ObjectNotOpened):
        _open(seal_bytes(MEDIA, OTHER_KEY, b"a small medium", DRAW))


def test_b2_another_kind_of_object_is_refused_even_under_its_key() -> None:
    with pytest.raises(NotAnObject):
        _open(SMALL, kind=SEGMENT)
    with pytest.raises(ObjectNotOpened):
        _open(SMALL[:9] + bytes([SEGMENT]) + SMALL[10:], kind=SEGMENT)


def test_a_newer_object_says_so() -> None:
    with pytest.raises(UnsupportedVersion):
        _open(SMALL[:8] + b"\2" + SMALL[9:])


# --- what a caller may do --------------------------------------------------------


@pytest.mark.parametrize("promised", [99, 101, 200_000])
def test_content_of_another_size_than_promised_is_no_object(promised: int) -> None:
    with pytest.raises(ContentSizeDiffers):
        list(seal_object(MEDIA, KEY, [bytes(100)], promised, DRAW))


def test_content_over_the_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(TooLong):
        next(seal_object(MEDIA, KEY, [], MAX_OBJECT_BYTES + 1, DRAW))


def test_b3_each_sealing_is_another_key_stream() -> None:
    """A cut upload that begins anew repeats no key and nonce: not one chunk is the same."""
    once, again = (seal_bytes(MEDIA, KEY, CONTENT, DRAW) for _ in range(2))
    assert once[16:48] != again[16:48]
    assert all(once[_chunk(i)] != again[_chunk(i)] for i in range(LAST + 1))


def test_small_objects_have_one_size() -> None:
    sizes = {sealed_size(size) for size in range(OBJECT_FLOOR_BYTES - 7)}
    assert sizes == {HEADER_BYTES + OBJECT_FLOOR_BYTES + 16}
