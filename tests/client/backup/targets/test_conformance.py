"""What every storage owes a backup."""

import random

import pytest
import trio

from client.backup.targets.interface import (
    MAX_REPLACED_BYTES,
    PIECE_BYTES,
    Listed,
    ObjectMissing,
    Target,
)
from client.backup.targets.sources import BytesSource
from client.errors import LocalError
from protocol.archive.layout import ObjectKind, manifest_path, object_path
from tests.client.backup.targets.storages import Storage

SEGMENT = object_path(ObjectKind.SEGMENT, b"s" * 32)
MEDIUM = object_path(ObjectKind.MEDIA, b"m" * 32)
MANIFEST = manifest_path(1, bytes(32))


async def put(target: Target, path: str, data: bytes) -> None:
    await target.put(path, BytesSource(data))


async def whole(target: Target, path: str) -> bytes:
    size = await target.size(path)
    assert size is not None
    return await target.read(path, 0, size + 10)


async def everything(target: Target) -> list[Listed]:
    known = (SEGMENT, MEDIUM, MANIFEST)
    return sorted([each async for each in target.listed(known)], key=lambda each: each.path)


@pytest.mark.parametrize("size", [0, 1, 224, 2 * PIECE_BYTES + 5])
async def test_what_was_put_is_read_by_the_next_run(
    storage: Storage, rng: random.Random, size: int
) -> None:
    data = rng.randbytes(size)
    async with storage.open() as target:
        assert await target.size(SEGMENT) is None
        await put(target, SEGMENT, data)
        await put(target, SEGMENT, data)
    async with storage.open() as target:
        assert await whole(target, SEGMENT) == data
        assert await target.size(SEGMENT) == size


async def test_any_part_is_read_and_nothing_behind_the_end(
    storage: Storage, rng: random.Random
) -> None:
    data = rng.randbytes(3 * 65_536 + 7)
    async with storage.open() as target:
        await put(target, MEDIUM, data)
        for offset, length in ((0, 96), (65_536, 65_552), (len(data) - 3, 100), (len(data), 5)):
            assert await target.read(MEDIUM, offset, length) == data[offset : offset + length]
        assert await target.read(MEDIUM, len(data) + 100, 5) == b""
        assert await target.read(MEDIUM, 0, 0) == b""


async def test_keyring_and_head_are_replaced(storage: Storage, rng: random.Random) -> None:
    for size in (224, 224, 0, MAX_REPLACED_BYTES, 7):
        data = rng.randbytes(size)
        async with storage.open() as target:
            await put(target, "head", data)
            assert await whole(target, "head") == data
            assert await target.read("head", 2, 3) == data[2:5]
        async with storage.open() as target:
            assert await whole(target, "head") == data
            assert [each.path async for each in target.listed()] == ["head"]


async def test_what_is_there_is_listed_and_nothing_else(storage: Storage) -> None:
    async with storage.open() as target:
        for size, path in enumerate(["head", "keyring", MANIFEST, MEDIUM, SEGMENT]):
            await put(target, path, bytes(size))
        assert [(each.path, each.size) for each in await everything(target)] == [
            ("head", 0),
            ("keyring", 1),
            (MANIFEST, 2),
            (MEDIUM, 3),
            (SEGMENT, 4),
        ]


async def test_deleted_is_gone(storage: Storage) -> None:
    async with storage.open() as target:
        await target.delete(SEGMENT)
        for path in (SEGMENT, "head"):
            await put(target, path, b"one")
            await put(target, path, b"two") if path == "head" else None
            await target.delete(path)
            await target.delete(path)
            assert await target.size(path) is None
        assert await everything(target) == []
        await put(target, SEGMENT, b"again")
        assert await whole(target, SEGMENT) == b"again"


async def test_missing_is_said_with_the_path_and_the_storage(storage: Storage) -> None:
    async with storage.open() as target:
        for path in (SEGMENT, "head"):
            with pytest.raises(ObjectMissing, match=path) as caught:
                await target.read(path, 0, 10)
            assert caught.value.path == path
            assert target.where in caught.value.what


async def test_files_of_others_stay_and_are_not_listed(storage: Storage) -> None:
    if storage.plant is None:
        return  # nobody else can write at a relay under our ids
    foreign = ["photo.jpg", "segment/readme", "segment/" + "A" * 64, "other/" + "a" * 64]
    for path in foreign:
        await storage.plant(path, b"mine")
    async with storage.open() as target:
        await put(target, SEGMENT, b"ours")
        assert await everything(target) == [Listed(SEGMENT, 4)]
        await target.delete(SEGMENT)
        for path in foreign:
            assert await target.read(path, 0, 9) == b"mine"


async def test_what_lives_is_kept(storage: Storage) -> None:
    async with storage.open() as target:
        for path in ("head", "keyring", SEGMENT):
            await put(target, path, b"x")
        await target.keep(["head", SEGMENT, "keyring"])
        await target.keep([])


class Cut:
    """A source that ends with an error, as a file does that is on a failing disk."""

    size = 3 * PIECE_BYTES

    async def read(self, offset: int, length: int) -> bytes:
        await trio.lowlevel.checkpoint()
        if offset + length > PIECE_BYTES:
            raise LocalError("the disk fails")
        return bytes(length)


async def test_b3_a_put_that_was_cut_leaves_nothing_and_is_put_again(
    storage: Storage, rng: random.Random
) -> None:
    async with storage.open() as target:
        with pytest.raises(LocalError, match="disk fails"):
            await target.put(SEGMENT, Cut())
    async with storage.open() as target:
        assert await target.size(SEGMENT) is None
        assert await everything(target) == []
        # Begun anew under another salt: the same size, other bytes.
        data = rng.randbytes(Cut.size)
        await put(target, SEGMENT, data)
        assert await whole(target, SEGMENT) == data


async def test_b3_a_put_that_was_cancelled_leaves_nothing(storage: Storage) -> None:
    class Slow(Cut):
        async def read(self, offset: int, length: int) -> bytes:
            if offset + length > PIECE_BYTES:
                scope.cancel()
            await trio.lowlevel.checkpoint()
            return bytes(length)

    async with storage.open() as target:
        with trio.CancelScope() as scope:
            await target.put(SEGMENT, Slow())
        assert await target.size(SEGMENT) is None


async def test_b3_readers_see_the_old_one_or_the_new_one(
    autojump_clock: object, storage: Storage
) -> None:
    """Three of them, while a fourth replaces; each opened for itself."""
    seen: set[bytes] = set()
    versions = [bytes([number]) * 3_000 for number in range(12)]

    async def read() -> None:
        async with storage.open() as target:
            while versions[-1] not in seen:
                seen.add(await target.read("head", 0, 4_000))
                await trio.sleep(0.01)

    with trio.fail_after(60):
        async with storage.open() as writer, trio.open_nursery() as nursery:
            await put(writer, "head", versions[0])
            for _ in range(3):
                nursery.start_soon(read)
            for version in versions[1:]:
                await put(writer, "head", version)
                await trio.sleep(0.003)
    assert seen <= set(versions)


async def test_two_put_at_once(storage: Storage, rng: random.Random) -> None:
    data = rng.randbytes(2 * PIECE_BYTES)

    async def one() -> None:
        async with storage.open() as target:
            await put(target, SEGMENT, data)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(one)
        nursery.start_soon(one)
    async with storage.open() as target:
        assert await whole(target, SEGMENT) == data
        assert await everything(target) == [Listed(SEGMENT, len(data))]
