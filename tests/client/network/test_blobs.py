"""Blobs against a real relay, and against one that says what it likes."""

import random
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace

import pytest
import trio
from trio.testing import memory_stream_pair

from client.errors import LocalError, RefusedByRelay
from client.network import blobs as blobs_module
from client.network.blobs import RelayBlobs, WriteSecret
from client.network.connection import open_connection
from client.network.failures import ConnectionLost
from client.network.one_error import one_error
from client.network.refusals import RelayRefusal
from client.network.transport import NO_RELAY_KEY, Dialed
from protocol.ids import BlobId
from protocol.limits import BLOB_LIFE_MS, MAX_BLOB_BYTES, MAX_BLOB_PART_BYTES
from protocol.records import ListedBlob
from protocol.wire.messages import (
    Answer,
    BlobPart,
    BlobsListed,
    BlobStored,
    PutBlob,
    Refusal,
    Refused,
    Request,
)
from server.limits.rate import Rate
from server.limits.source import HERE, Source, source_of
from server.limits.values import DEFAULT, BlobQuota
from tests.client.network.scripted_relay import ScriptedRelay, greeted
from tests.support.relay_rig import RelayRig, relay_rig

SECRET, OTHER = WriteSecret(b"s" * 32), WriteSecret(b"o" * 32)
ID = BlobId(b"i" * 32)


@asynccontextmanager
async def blobs_of(rig: RelayRig, source: Source = HERE) -> AsyncIterator[RelayBlobs]:
    ours, theirs = memory_stream_pair()
    rig.nursery.start_soon(rig.relay.attend, theirs, source)
    async with open_connection(Dialed(ours, NO_RELAY_KEY, None, tls=False)) as connection:
        yield RelayBlobs(connection)


@contextmanager
def refused_with(refusal: Refusal) -> Iterator[None]:
    with pytest.raises(RelayRefusal) as caught:
        yield
    assert caught.value.code == refusal


@pytest.mark.parametrize("size", [0, 1, MAX_BLOB_PART_BYTES, 3 * MAX_BLOB_PART_BYTES + 5])
async def test_what_was_put_is_got(autojump_clock: object, rng: random.Random, size: int) -> None:
    data = rng.randbytes(size)
    async with relay_rig(rng) as rig, blobs_of(rig) as blobs:
        await blobs.put(ID, SECRET, data)
        await blobs.put(ID, SECRET, data)
        assert await blobs.get(ID) == data
        assert (await blobs.get_part(ID, size // 2, 7)).data == data[size // 2 :][:7]


async def test_a_lost_connection_costs_no_bytes_that_arrived(
    autojump_clock: object, rng: random.Random
) -> None:
    data = rng.randbytes(6 * MAX_BLOB_PART_BYTES)
    asked: list[Request] = []
    async with relay_rig(rng) as rig:
        async with blobs_of(rig) as blobs:
            for at in (0, MAX_BLOB_PART_BYTES):
                part = data[at : at + MAX_BLOB_PART_BYTES]
                request = PutBlob(ID, SECRET.expose(), at, len(data), part)
                await blobs._connection.request(request, BlobStored)
            with refused_with(Refusal.NO_SUCH_BLOB):
                await blobs.get(ID)
        async with blobs_of(rig) as blobs:
            watch(blobs, asked)
            await blobs.put(ID, SECRET, data)
            assert await blobs.get(ID) == data
    # Once to hear how far it is, and four for the rest.
    assert [getattr(each, "offset", None) for each in asked][:5] == [
        part * MAX_BLOB_PART_BYTES for part in (0, 2, 3, 4, 5)
    ]


def watch(blobs: RelayBlobs, asked: list[Request]) -> None:
    connection = blobs._connection
    request = connection.request

    async def watched(message: Request, expected: type[Answer]) -> Answer:
        asked.append(message)
        return await request(message, expected)

    connection.request = watched  # type: ignore[method-assign,assignment]


async def test_list_refresh_and_delete(autojump_clock: object, rng: random.Random) -> None:
    async with relay_rig(rng) as rig, blobs_of(rig) as blobs:
        ids = sorted(BlobId(rng.randbytes(32)) for _ in range(5))
        for number, blob_id in enumerate(ids):
            await blobs.put(blob_id, SECRET, bytes(number))
        await blobs.put(ID, OTHER, b"other")
        ends = rig.clock() + BLOB_LIFE_MS
        listed = [each async for each in blobs.listed(SECRET)]
        assert listed == [ListedBlob(blob_id, n, ends) for n, blob_id in enumerate(ids)]
        rig.clock.advance(1_000)
        assert await blobs.refresh(SECRET, [*ids[:3], ID]) == 3
        await blobs.delete(ids[0], SECRET)
        await blobs.delete(ids[0], SECRET)
        assert [each.expires_ms - ends async for each in blobs.listed(SECRET)] == [1_000] * 2 + [
            0
        ] * 2


async def test_long_lists_come_in_pages(
    autojump_clock: object, rng: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.blob_clerk.MAX_LISTED_BLOBS", 2)
    monkeypatch.setattr(blobs_module, "MAX_LISTED_BLOBS", 2)
    async with relay_rig(rng) as rig, blobs_of(rig) as blobs:
        ids = [BlobId(rng.randbytes(32)) for _ in range(5)]
        for blob_id in ids:
            await blobs.put(blob_id, SECRET, b"x")
        assert [each.blob_id async for each in blobs.listed(SECRET)] == sorted(ids)
        assert await blobs.refresh(SECRET, ids) == 5


async def test_refusals_reach_the_caller(autojump_clock: object, rng: random.Random) -> None:
    limits = replace(DEFAULT, blobs=BlobQuota(count=1))
    async with relay_rig(rng, limits=limits) as rig, blobs_of(rig) as blobs:
        await blobs.put(ID, SECRET, b"data")
        with refused_with(Refusal.CONFLICT):
            await blobs.put(ID, SECRET, b"DATA")
        with refused_with(Refusal.BAD_WRITE_SECRET):
            await blobs.put(ID, OTHER, b"data")
        with refused_with(Refusal.BAD_WRITE_SECRET):
            await blobs.delete(ID, OTHER)
        with refused_with(Refusal.QUOTA):
            await blobs.put(BlobId(b"j" * 32), SECRET, b"data")
        with refused_with(Refusal.NO_SUCH_BLOB):
            await blobs.get(BlobId(b"j" * 32))
        with pytest.raises(LocalError, match="too long"):
            await blobs.put(ID, SECRET, bytes(MAX_BLOB_BYTES + 1))


async def test_p6_a_relay_in_no_hurry_is_waited_for(
    autojump_clock: object, rng: random.Random
) -> None:
    limits = replace(DEFAULT, address=Rate(per_second=1, burst=10))
    data = rng.randbytes(5 * MAX_BLOB_PART_BYTES)
    async with relay_rig(rng, limits=limits) as rig:
        async with blobs_of(rig, source_of("192.0.2.1", 1)) as blobs:
            await blobs.put(ID, SECRET, data)
            assert await blobs.get(ID) == data
        refusals = [event["code"] for event in rig.events("refused")]
        assert set(refusals) == {Refusal.RATE_LIMITED}
        # Each refusal told the truth: no request was refused twice.
        assert len(refusals) <= 11
        assert trio.current_time() < 60


# --- a relay that says what it likes ----------------------------------------


async def ask_a_relay_with(*script: Answer) -> None:
    """Put, list or get, as the script has answers for it."""
    with one_error():
        async with greeted() as (connection, relay), trio.open_nursery() as nursery:
            nursery.start_soon(play, relay, script)
            blobs = RelayBlobs(connection)
            match script[-1]:
                case BlobStored():
                    await blobs.put(ID, SECRET, bytes(MAX_BLOB_PART_BYTES * 2))
                case BlobsListed():
                    _ = [each async for each in blobs.listed(SECRET)]
                case _:
                    await blobs.get(ID)


async def play(relay: ScriptedRelay, script: Sequence[Answer]) -> None:
    for answer in script:
        await relay.answer_next(answer)


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ([BlobStored(0), BlobStored(0)], "no more bytes"),
        ([BlobStored(500), BlobStored(499)], "no more bytes"),
        ([BlobPart(MAX_BLOB_BYTES + 1, b"x")], "longer than it may be"),
        ([BlobPart(5, b"x"), BlobPart(6, b"x")], "changed"),
        ([BlobPart(5, b"x"), BlobPart(5, b"")], "changed"),
        ([BlobPart(0, b"x")], "more of a blob"),
        ([BlobPart(2, b"x"), BlobPart(2, b"xx")], "more of a blob"),
        ([BlobsListed((ListedBlob(ID, 1, 1), ListedBlob(ID, 1, 1)))], "circles"),
        ([BlobsListed((ListedBlob(ID, 1, 1),)), BlobsListed((ListedBlob(ID, 1, 1),))], "circles"),
    ],
)
async def test_p6_a_relay_that_lies_is_given_up(
    autojump_clock: object, script: list[Answer], why: str
) -> None:
    with pytest.raises(RefusedByRelay) as caught:
        await ask_a_relay_with(*script)
    assert why in caught.value.why


async def test_p6_a_relay_that_always_says_wait_is_given_up(autojump_clock: object) -> None:
    start = trio.current_time()
    with pytest.raises(RelayRefusal):
        # Some of them answer the pings of a quarter of an hour.
        await ask_a_relay_with(*[Refused(Refusal.RATE_LIMITED, 10**15)] * 30)
    assert trio.current_time() - start <= 9 * 30


async def test_a_relay_that_hangs_up(autojump_clock: object) -> None:
    async with greeted() as (connection, relay):
        await relay.stream.aclose()
        with pytest.raises(ConnectionLost):
            await RelayBlobs(connection).get(ID)


def test_p8_a_write_secret_does_not_print() -> None:
    request = PutBlob(ID, b"secret" + bytes(26), 0, 1, b"x")
    assert "secret'" not in repr(request)
    assert "\\x00" not in repr(SECRET)
