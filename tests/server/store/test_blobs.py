"""The conformance suite of blob stores: every engine behind the one interface."""

import hashlib
import random
from dataclasses import replace

import pytest

from protocol.ids import BlobId
from protocol.limits import (
    BLOB_LIFE_MS,
    BLOB_PIECE_BYTES,
    BLOB_SALT_LIFE_MS,
    MAX_BLOB_BYTES,
    MAX_BLOB_PART_BYTES,
    UNFINISHED_BLOB_LIFE_MS,
)
from protocol.records import ListedBlob
from server.limits.values import BlobQuota
from server.store.blobs import (
    BadWriteSecret,
    BlobConflict,
    BlobPut,
    BlobSlice,
    BlobStore,
    BlobTooLong,
    NoSuchBlob,
    OverQuota,
)
from server.store.interface import RelayStore
from tests.server.store.conftest import SettableClock

SECRET, OTHER_SECRET = hashlib.sha256(b"secret").digest(), hashlib.sha256(b"other").digest()
QUOTA = BlobQuota()
PIECE = BLOB_PIECE_BYTES


@pytest.fixture
def blobs(store: RelayStore) -> BlobStore:
    return store.blobs


def blob_id(number: int) -> BlobId:
    return BlobId(number.to_bytes(32, "big"))


def whole(data: bytes, number: int = 1, source: bytes = b"home") -> BlobPut:
    return BlobPut(blob_id(number), SECRET, 0, len(data), data, source)


def part(data: bytes, offset: int, length: int) -> BlobPut:
    return replace(whole(data), offset=offset, data=data[offset : offset + length])


async def is_there(blobs: BlobStore, number: int = 1) -> bool:
    try:
        await blobs.read(blob_id(number), 0, 1)
    except NoSuchBlob:
        return False
    return True


# --- putting ----------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, MAX_BLOB_PART_BYTES])
async def test_what_was_put_is_read(blobs: BlobStore, rng: random.Random, size: int) -> None:
    data = rng.randbytes(size)
    assert await blobs.put(whole(data), QUOTA) == size
    assert await blobs.read(blob_id(1), 0, size) == BlobSlice(size, data)


async def test_a_blob_comes_in_parts_and_is_resumed(blobs: BlobStore, rng: random.Random) -> None:
    data = rng.randbytes(5 * PIECE + 17)
    assert await blobs.put(part(data, 0, 2 * PIECE), QUOTA) == 2 * PIECE
    # The answer was lost, and some is said again together with new bytes.
    assert await blobs.put(part(data, PIECE, 3 * PIECE), QUOTA) == 4 * PIECE
    assert await blobs.put(part(data, 4 * PIECE, 2 * PIECE), QUOTA) == len(data)
    assert (await blobs.read(blob_id(1), 0, MAX_BLOB_PART_BYTES)).data == data[: 4 * PIECE]
    assert (await blobs.read(blob_id(1), 4 * PIECE, MAX_BLOB_PART_BYTES)).data == data[4 * PIECE :]


async def test_only_whole_pieces_are_kept_before_the_end(
    blobs: BlobStore, rng: random.Random
) -> None:
    data = rng.randbytes(3 * PIECE)
    assert await blobs.put(part(data, 0, PIECE - 1), QUOTA) == 0
    assert await blobs.put(part(data, 0, PIECE + 100), QUOTA) == PIECE
    assert await blobs.put(part(data, PIECE, 100), QUOTA) == PIECE
    assert await blobs.put(part(data, PIECE, 2 * PIECE), QUOTA) == len(data)


async def test_bytes_behind_a_gap_are_passed_over(blobs: BlobStore, rng: random.Random) -> None:
    data = rng.randbytes(4 * PIECE)
    assert await blobs.put(part(data, 2 * PIECE, PIECE), QUOTA) == 0
    await blobs.put(part(data, 0, PIECE), QUOTA)
    assert await blobs.put(part(data, 2 * PIECE, 2 * PIECE), QUOTA) == PIECE
    assert await blobs.put(replace(whole(data), offset=1 << 63, data=b""), QUOTA) == PIECE


async def test_an_empty_put_asks_how_far_it_is(blobs: BlobStore, rng: random.Random) -> None:
    data = rng.randbytes(2 * PIECE)
    assert await blobs.put(replace(whole(data), data=b""), QUOTA) == 0
    await blobs.put(part(data, 0, PIECE), QUOTA)
    assert await blobs.put(replace(whole(data), data=b""), QUOTA) == PIECE


async def test_a_blob_is_written_once(blobs: BlobStore, rng: random.Random) -> None:
    data = rng.randbytes(2 * PIECE)
    await blobs.put(whole(data), QUOTA)
    assert await blobs.put(whole(data), QUOTA) == len(data)
    assert await blobs.put(part(data, PIECE, 7), QUOTA) == len(data)
    for wrong in (
        replace(whole(data), data=bytes(2 * PIECE)),
        replace(part(data, PIECE + 3, 2), data=b"no"),
        replace(whole(data), size=len(data) + 1),
        replace(whole(data), offset=1),
    ):
        with pytest.raises(BlobConflict):
            await blobs.put(wrong, QUOTA)
    assert (await blobs.read(blob_id(1), 0, len(data))).data == data


async def test_an_unfinished_blob_keeps_its_bytes_too(blobs: BlobStore, rng: random.Random) -> None:
    data = rng.randbytes(3 * PIECE)
    await blobs.put(part(data, 0, PIECE), QUOTA)
    with pytest.raises(BlobConflict):
        await blobs.put(replace(part(data, 0, 2 * PIECE), data=bytes(2 * PIECE)), QUOTA)
    assert await blobs.put(part(data, PIECE, 2 * PIECE), QUOTA) == len(data)


async def test_another_secret_is_refused(blobs: BlobStore) -> None:
    await blobs.put(whole(b"mine"), QUOTA)
    with pytest.raises(BadWriteSecret):
        await blobs.put(replace(whole(b"mine"), secret_hash=OTHER_SECRET), QUOTA)
    with pytest.raises(BadWriteSecret):
        await blobs.delete(blob_id(1), OTHER_SECRET)
    assert await is_there(blobs)


async def test_a_blob_has_a_greatest_size(blobs: BlobStore) -> None:
    with pytest.raises(BlobTooLong):
        await blobs.put(replace(whole(bytes(PIECE)), size=MAX_BLOB_BYTES + 1), QUOTA)
    assert await blobs.put(replace(whole(bytes(PIECE)), size=MAX_BLOB_BYTES), QUOTA) == PIECE


# --- reading ----------------------------------------------------------------


async def test_p6_nothing_half_stored_is_served(
    blobs: BlobStore, clock: SettableClock, rng: random.Random
) -> None:
    data = rng.randbytes(3 * PIECE)
    await blobs.put(part(data, 0, 2 * PIECE), QUOTA)
    assert not await is_there(blobs)
    assert await blobs.listed(SECRET, None, 10) == ()
    assert await blobs.refresh(SECRET, [blob_id(1)], b"home", QUOTA) == 0
    await blobs.put(part(data, 2 * PIECE, PIECE), QUOTA)
    assert await is_there(blobs)


@pytest.mark.parametrize(
    ("offset", "length"),
    [(0, 0), (5, 10), (PIECE - 1, 2), (PIECE, PIECE), (2 * PIECE, 999), (2 * PIECE + 9, 5)],
)
async def test_any_part_is_read(
    blobs: BlobStore, rng: random.Random, offset: int, length: int
) -> None:
    data = rng.randbytes(2 * PIECE + 10)
    await blobs.put(whole(data), QUOTA)
    await blobs.put(whole(rng.randbytes(PIECE), number=2), QUOTA)
    expected = BlobSlice(len(data), data[offset : offset + length])
    assert await blobs.read(blob_id(1), offset, length) == expected


@pytest.mark.parametrize("offset", [10, 11, 1 << 32, (1 << 64) - 1])
async def test_behind_the_end_is_nothing(blobs: BlobStore, offset: int) -> None:
    await blobs.put(whole(bytes(10)), QUOTA)
    await blobs.put(whole(bytes(10), number=2), QUOTA)
    assert await blobs.read(blob_id(1), offset, 5) == BlobSlice(10, b"")


async def test_one_answer_holds_a_part_at_most(blobs: BlobStore) -> None:
    size = MAX_BLOB_PART_BYTES + PIECE
    data = bytes(size)
    await blobs.put(part(data, 0, MAX_BLOB_PART_BYTES), QUOTA)
    await blobs.put(part(data, MAX_BLOB_PART_BYTES, PIECE), QUOTA)
    assert len((await blobs.read(blob_id(1), 0, size)).data) == MAX_BLOB_PART_BYTES


async def test_lists_are_of_one_secret_in_order_and_in_pages(blobs: BlobStore) -> None:
    for number in (3, 1, 2):
        await blobs.put(whole(bytes(number), number), QUOTA)
    await blobs.put(replace(whole(b"x", 4), secret_hash=OTHER_SECRET), QUOTA)
    first = await blobs.listed(SECRET, None, 2)
    assert [each.blob_id for each in first] == [blob_id(1), blob_id(2)]
    ends = 1_800_000_000_000 + BLOB_LIFE_MS
    assert await blobs.listed(SECRET, blob_id(2), 2) == (ListedBlob(blob_id(3), 3, ends),)
    assert await blobs.listed(hashlib.sha256(b"nobody").digest(), None, 2) == ()


# --- deleting, living, dying ------------------------------------------------


async def test_deleting_is_done_once_and_said_any_number_of_times(
    blobs: BlobStore, rng: random.Random
) -> None:
    data = rng.randbytes(2 * PIECE)
    await blobs.put(whole(data), QUOTA)
    for _ in range(2):
        await blobs.delete(blob_id(1), SECRET)
        assert not await is_there(blobs)
    assert await blobs.put(replace(whole(b"new"), secret_hash=OTHER_SECRET), QUOTA) == 3


async def test_an_unfinished_blob_can_be_deleted(blobs: BlobStore) -> None:
    await blobs.put(part(bytes(2 * PIECE), 0, PIECE), QUOTA)
    await blobs.delete(blob_id(1), SECRET)
    assert await blobs.put(replace(whole(b"new")), QUOTA) == 3


async def test_a_blob_lives_so_long_after_its_last_refresh(
    blobs: BlobStore, clock: SettableClock
) -> None:
    await blobs.put(whole(b"one", 1), QUOTA)
    await blobs.put(whole(b"two", 2), QUOTA)
    clock.time_ms += BLOB_LIFE_MS - 1
    assert await blobs.refresh(SECRET, [blob_id(2), blob_id(2), blob_id(9)], b"home", QUOTA) == 1
    clock.time_ms += 1
    assert [await is_there(blobs, number) for number in (1, 2)] == [False, True]
    assert await blobs.expire() == 1
    assert [each.blob_id for each in await blobs.listed(SECRET, None, 9)] == [blob_id(2)]
    clock.time_ms += BLOB_LIFE_MS
    assert await blobs.expire() == 1
    assert await blobs.expire() == 0


async def test_refreshing_with_another_secret_does_nothing(blobs: BlobStore) -> None:
    await blobs.put(whole(b"one"), QUOTA)
    before = await blobs.listed(SECRET, None, 9)
    assert await blobs.refresh(OTHER_SECRET, [blob_id(1)], b"home", QUOTA) == 0
    assert await blobs.refresh(SECRET, [], b"home", QUOTA) == 0
    assert await blobs.listed(SECRET, None, 9) == before


async def test_what_is_unfinished_goes_soon(
    blobs: BlobStore, clock: SettableClock, rng: random.Random
) -> None:
    data = rng.randbytes(3 * PIECE)
    await blobs.put(part(data, 0, PIECE), QUOTA)
    clock.time_ms += UNFINISHED_BLOB_LIFE_MS - 1
    assert await blobs.put(part(data, PIECE, PIECE), QUOTA) == 2 * PIECE
    clock.time_ms += UNFINISHED_BLOB_LIFE_MS
    # Not removed yet, and gone all the same: the id is free, for other bytes too.
    assert await blobs.put(whole(rng.randbytes(5)), QUOTA) == 5
    assert await blobs.expire() == 0
    assert await is_there(blobs)


# --- quotas -----------------------------------------------------------------


async def test_p6_a_source_has_so_many_blobs(blobs: BlobStore, clock: SettableClock) -> None:
    quota = replace(QUOTA, count=2)
    await blobs.put(whole(b"1", 1), quota)
    await blobs.put(replace(part(bytes(2 * PIECE), 0, PIECE), blob_id=blob_id(2)), quota)
    with pytest.raises(OverQuota):
        await blobs.put(whole(b"3", 3), quota)
    await blobs.put(whole(b"3", 3, b"elsewhere"), quota)
    await blobs.delete(blob_id(1), SECRET)
    await blobs.put(whole(b"4", 4), quota)


async def test_p6_a_blob_counts_whole_from_its_first_bytes(blobs: BlobStore) -> None:
    quota = replace(QUOTA, size_bytes=3 * PIECE)
    data = bytes(2 * PIECE)
    await blobs.put(part(data, 0, PIECE), quota)
    with pytest.raises(OverQuota):
        await blobs.put(replace(part(data, 0, PIECE), blob_id=blob_id(2)), quota)
    assert await blobs.put(part(data, PIECE, PIECE), quota) == 2 * PIECE
    assert await blobs.put(whole(bytes(PIECE), 3), quota) == PIECE


async def test_p6_all_sources_together_have_so_much(blobs: BlobStore) -> None:
    quota = replace(QUOTA, bytes_in_all=10)
    await blobs.put(whole(bytes(6), 1, b"here"), quota)
    with pytest.raises(OverQuota):
        await blobs.put(whole(bytes(5), 2, b"there"), quota)
    assert await blobs.put(whole(bytes(4), 2, b"there"), quota) == 4
    assert await blobs.refresh(SECRET, [blob_id(1)], b"there", quota) == 1


async def test_p6_who_refreshes_pays(blobs: BlobStore) -> None:
    """Else one address could fill its quota under one pseudonym after the other, for ever."""
    quota = replace(QUOTA, size_bytes=10)
    await blobs.put(whole(bytes(6), 1, b"january"), quota)
    await blobs.put(whole(bytes(6), 2, b"february"), quota)
    before = await blobs.listed(SECRET, None, 9)
    with pytest.raises(OverQuota):
        await blobs.refresh(SECRET, [blob_id(1), blob_id(2)], b"february", quota)
    assert await blobs.listed(SECRET, None, 9) == before
    assert await blobs.refresh(SECRET, [blob_id(2)], b"february", quota) == 1
    await blobs.delete(blob_id(2), SECRET)
    assert await blobs.refresh(SECRET, [blob_id(1)], b"february", quota) == 1
    with pytest.raises(OverQuota):
        await blobs.put(whole(bytes(6), 3, b"february"), quota)
    await blobs.put(whole(bytes(6), 3, b"january"), quota)


async def test_what_has_expired_takes_no_room(blobs: BlobStore, clock: SettableClock) -> None:
    quota = replace(QUOTA, count=1, bytes_in_all=5)
    await blobs.put(whole(bytes(5), 1), quota)
    clock.time_ms += BLOB_LIFE_MS
    assert await blobs.put(whole(bytes(5), 2), quota) == 5


async def test_the_salt_is_kept_and_then_forgotten(blobs: BlobStore, clock: SettableClock) -> None:
    assert await blobs.salt(b"first") == b"first"
    clock.time_ms += BLOB_SALT_LIFE_MS - 1
    assert await blobs.salt(b"second") == b"first"
    clock.time_ms += 1
    assert await blobs.salt(b"third") == b"third"
    assert await blobs.salt(b"fourth") == b"third"
