"""Blobs over the wire: capabilities, silence about what is not there, durability, and quotas."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from protocol.ids import BlobId
from protocol.limits import (
    BLOB_LIFE_MS,
    BLOB_PIECE_BYTES,
    BLOB_SALT_LIFE_MS,
    MAX_BLOB_BYTES,
)
from protocol.wire.messages import (
    Answer,
    BlobDeleted,
    BlobPart,
    BlobsListed,
    BlobsRefreshed,
    BlobStored,
    DeleteBlob,
    GetBlob,
    ListBlobs,
    PutBlob,
    RefreshBlobs,
    Refusal,
    Refused,
    Request,
)
from server.answers import QUOTA_RETRY_MS
from server.limits.source import Source, source_of
from server.limits.values import DEFAULT, BlobQuota, Limits
from server.store.sqlite import database
from server.store.sqlite.lane import inline
from server.store.sqlite.schema import PRAGMAS
from server.store.sqlite.store import BLOBS_FILE, SqliteStore
from tests.support.relay_rig import FakeClock, RelayRig, relay_rig
from tests.support.vfs_shim import ShimVFS

SECRET, OTHER = b"s" * 32, b"o" * 32
HOME, AWAY = source_of("192.0.2.7", 4_711), source_of("203.0.113.9", 815)
NO_SUCH_BLOB = Refused(Refusal.NO_SUCH_BLOB, None)
OVER_QUOTA = Refused(Refusal.QUOTA, QUOTA_RETRY_MS)
PIECE = BLOB_PIECE_BYTES


def blob_id(number: int) -> BlobId:
    return BlobId(number.to_bytes(32, "big"))


def put(data: bytes, number: int = 1, secret: bytes = SECRET) -> PutBlob:
    return PutBlob(blob_id(number), secret, 0, len(data), data)


@asynccontextmanager
async def relay_on(
    folder: Path,
    rng: random.Random,
    clock: FakeClock,
    limits: Limits = DEFAULT,
    vfs: str | None = None,
) -> AsyncIterator[RelayRig]:
    store = await SqliteStore.open(folder / "relay.db", clock, inline, vfs)
    async with relay_rig(rng, store, clock, limits=limits) as rig:
        yield rig
    await store.close()


async def ask(rig: RelayRig, request: Request, source: Source = HOME) -> Answer:
    """Ask on a connection of its own."""
    client = await rig.greeted(source)
    answer = await client.ask(request)
    await client.aclose()
    return answer


# --- capabilities -----------------------------------------------------------


@pytest.mark.parametrize("logged_in", [False, True])
async def test_from_putting_to_deleting(rng: random.Random, logged_in: bool) -> None:
    async with relay_rig(rng) as rig:
        client = await rig.enter("alice") if logged_in else await rig.greeted()
        data = rng.randbytes(PIECE + 5)
        assert await client.ask(put(data)) == BlobStored(len(data))
        assert await client.ask(GetBlob(blob_id(1), PIECE, 99)) == BlobPart(len(data), data[PIECE:])
        listed = await client.ask_for(BlobsListed, ListBlobs(SECRET, None))
        assert [(each.blob_id, each.size) for each in listed.blobs] == [(blob_id(1), len(data))]
        assert await client.ask(ListBlobs(SECRET, blob_id(1))) == BlobsListed(())
        assert await client.ask(RefreshBlobs(SECRET, (blob_id(1),))) == BlobsRefreshed(1)
        assert await client.ask(DeleteBlob(blob_id(1), SECRET)) == BlobDeleted()
        assert await client.ask(GetBlob(blob_id(1), 0, 1)) == NO_SUCH_BLOB


async def test_reading_needs_the_id_and_changing_the_secret(rng: random.Random) -> None:
    bad_secret = Refused(Refusal.BAD_WRITE_SECRET, None)
    async with relay_rig(rng) as rig:
        await ask(rig, put(b"data"))
        assert await ask(rig, GetBlob(blob_id(1), 0, 9), AWAY) == BlobPart(4, b"data")
        assert await ask(rig, put(b"data", secret=OTHER)) == bad_secret
        assert await ask(rig, DeleteBlob(blob_id(1), OTHER)) == bad_secret
        assert await ask(rig, ListBlobs(OTHER, None)) == BlobsListed(())
        assert await ask(rig, RefreshBlobs(OTHER, (blob_id(1),))) == BlobsRefreshed(0)
        assert await ask(rig, put(b"DATA")) == Refused(Refusal.CONFLICT, None)
        too_long = replace(put(b"x", 2), total=MAX_BLOB_BYTES + 1)
        assert await ask(rig, too_long) == Refused(Refusal.QUOTA, None)


async def test_p6_a_wrong_id_says_nothing(rng: random.Random, tmp_path: Path) -> None:
    """Never there, half there, deleted, expired: one answer."""
    clock = FakeClock()
    async with relay_on(tmp_path, rng, clock) as rig:
        client = await rig.greeted()
        await client.ask(put(b"expired", 2))
        clock.advance(BLOB_LIFE_MS)
        await client.ask(replace(put(bytes(PIECE), 3), total=2 * PIECE))
        await client.ask(put(b"deleted", 4))
        await client.ask(DeleteBlob(blob_id(4), SECRET))
        requests = [
            GetBlob(blob_id(number), offset, 10)
            for number in range(1, 5)
            for offset in (0, 1 << 40)
        ]
        assert await client.ask_all(requests) == [NO_SUCH_BLOB] * 8


async def test_blobs_expire_by_themselves(rng: random.Random, tmp_path: Path) -> None:
    clock = FakeClock()
    async with relay_on(tmp_path, rng, clock) as rig:
        await ask(rig, put(bytes(3 * PIECE)))
        clock.advance(BLOB_LIFE_MS)
    async with relay_on(tmp_path, rng, clock) as rig:
        await rig.settle()
        assert [event["blobs"] for event in rig.events("expired")] == [1]


# --- durability -------------------------------------------------------------


async def test_p3_stored_is_said_after_the_sync(rng: random.Random, tmp_path: Path) -> None:
    with ShimVFS("blobs") as disk:
        async with relay_on(tmp_path, rng, FakeClock(), vfs=disk.name) as rig:
            # Small enough to lie in one page each: the shim looks for bytes in a row.
            for number in range(20):
                data = rng.randbytes(900)
                await (await rig.greeted()).ask_for(BlobStored, put(data, number))
                assert disk.is_durable(data)


async def test_p3_a_planted_fault_is_caught(
    rng: random.Random, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faulty = [(name, 1 if name == "synchronous" else value) for name, value in PRAGMAS]
    monkeypatch.setattr(database, "PRAGMAS", faulty)
    with ShimVFS("blobs") as disk:
        async with relay_on(tmp_path, rng, FakeClock(), vfs=disk.name) as rig:
            data = rng.randbytes(900)
            await (await rig.greeted()).ask_for(BlobStored, put(data))
            assert not disk.is_durable(data)


async def test_p3_after_a_power_loss_a_blob_is_whole_or_goes_on(
    rng: random.Random, tmp_path: Path
) -> None:
    data = rng.randbytes(9 * PIECE + 33)
    with ShimVFS("blobs") as disk:
        async with relay_on(tmp_path, rng, FakeClock(), vfs=disk.name) as rig:
            client, received = await rig.greeted(), 0
            promised: list[int] = []
            while received < len(data):
                part = data[received : received + 2 * PIECE]
                request = PutBlob(blob_id(1), SECRET, received, len(data), part)
                received = (await client.ask_for(BlobStored, request)).received
                disk.power_loss(tmp_path / f"after-{len(promised)}")
                promised.append(received)
    assert promised == [2 * PIECE, 4 * PIECE, 6 * PIECE, 8 * PIECE, len(data)]
    for number, said in enumerate(promised):
        async with relay_on(tmp_path / f"after-{number}", rng, FakeClock()) as rig:
            asked = PutBlob(blob_id(1), SECRET, 0, len(data), b"")
            assert await ask(rig, asked) == BlobStored(said)
            got = await ask(rig, GetBlob(blob_id(1), 0, PIECE))
            whole = said == len(data)
            assert got == (BlobPart(len(data), data[:PIECE]) if whole else NO_SUCH_BLOB)


# --- quotas -----------------------------------------------------------------

ONE_BLOB = replace(DEFAULT, blobs=BlobQuota(count=1))


async def test_p6_the_quota_holds_over_reconnects_and_restarts(
    rng: random.Random, tmp_path: Path
) -> None:
    clock = FakeClock()
    for number in range(3):
        async with relay_on(tmp_path, rng, clock, ONE_BLOB) as rig:
            expected = OVER_QUOTA if number else BlobStored(1)
            assert await ask(rig, put(b"x", number)) == expected
    async with relay_on(tmp_path, rng, clock, ONE_BLOB) as rig:
        assert await ask(rig, put(b"x", 3), AWAY) == BlobStored(1)
        await ask(rig, DeleteBlob(blob_id(0), SECRET))
        assert await ask(rig, put(b"x", 4)) == BlobStored(1)


async def test_p6_old_salts_are_forgotten_and_refreshing_is_paid_for(
    rng: random.Random, tmp_path: Path
) -> None:
    """With each salt an address begins anew; what it keeps alive moves along."""
    clock = FakeClock()
    async with relay_on(tmp_path, rng, clock, ONE_BLOB) as rig:
        assert await ask(rig, put(b"x", 1)) == BlobStored(1)
        clock.advance(BLOB_SALT_LIFE_MS)
        assert await ask(rig, put(b"x", 2)) == BlobStored(1)
        assert await ask(rig, RefreshBlobs(SECRET, (blob_id(1),))) == OVER_QUOTA
        assert await ask(rig, RefreshBlobs(SECRET, (blob_id(2),))) == BlobsRefreshed(1)


async def test_no_address_is_on_the_disk(rng: random.Random, tmp_path: Path) -> None:
    async with relay_on(tmp_path, rng, FakeClock()) as rig:
        await ask(rig, put(b"data"))
    kept = (tmp_path / BLOBS_FILE).read_bytes()
    assert b"data" in kept
    for trace in (HOME.block, HOME.block.hex().encode(), b"192.0.2.7", SECRET):
        assert trace not in kept


async def test_a_blob_database_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / BLOBS_FILE).write_bytes(b"noise" * 2_000)
    with pytest.raises(database.DatabaseRefused, match=r"blobs\.db beside it: it is damaged"):
        await SqliteStore.open(tmp_path / "relay.db", FakeClock(), inline)
