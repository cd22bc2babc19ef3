"""P6: peers that ask for too much, or for what they may not; and a load that is no attack."""

import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

import pytest
import trio
import trio.testing

from protocol.ids import BlobId
from protocol.limits import (
    BLOB_PIECE_BYTES,
    MAX_BLOB_PART_BYTES,
    MAX_FRAME_BYTES,
    WRITE_TIMEOUT_MS,
)
from protocol.packing import pack_value
from protocol.wire.framing import frame
from protocol.wire.messages import (
    Accepted,
    BlobPart,
    BlobStored,
    GetBlob,
    Ping,
    Pong,
    PutBlob,
    Refused,
    Subscribe,
    UploadPrekeys,
)
from server.limits.source import source_of
from server.limits.values import DEFAULT, BlobQuota, Limits
from tests.server.hostile.bystanders import house, under_attack
from tests.server.hostile.counting import in_slices, tally
from tests.support.relay_rig import RelayRig, relay_rig
from tests.support.wire_client import WireClient, submit_to

# --- requests ---------------------------------------------------------------


async def test_p6_a_connection_is_read_at_its_pace(
    autojump_clock: object, rng: random.Random
) -> None:
    """Nothing is refused: it only takes its time."""
    async with relay_rig(rng) as rig, under_attack(rig, DEFAULT):
        client = await rig.greeted(house(9))
        start, seconds = trio.current_time(), 10
        count = int(DEFAULT.connection.burst + seconds * DEFAULT.connection.per_second)
        for _ in range(count // 24):
            assert {type(each) for each in await client.ask_all([Ping()] * 24)} == {Pong}
        assert seconds - 1 < trio.current_time() - start < seconds + 1


async def test_p6_an_account_is_served_at_its_rate_and_told_the_truth(
    autojump_clock: object, rng: random.Random
) -> None:
    async with relay_rig(rng) as rig, under_attack(rig, DEFAULT):
        client = await rig.enter("busy", house(9))
        start, accepted, refusals = trio.current_time(), 0, 0
        for _ in range(1_400):
            answer = await client.ask(submit_to(rig.person("busy"), b"x", rng))
            if isinstance(answer, Refused):
                refusals += 1
                assert (answer.code, answer.retry_after_ms is None) == (11, False)
                await trio.sleep((answer.retry_after_ms or 0) / 1_000)
                answer = await client.ask(submit_to(rig.person("busy"), b"x", rng))
            assert isinstance(answer, Accepted)
            accepted += 1
        seconds = trio.current_time() - start
        assert refusals > 100
        rate = DEFAULT.account
        assert accepted <= rate.burst + rate.per_second * seconds + 1


async def oversize(client: WireClient, _rng: random.Random) -> None:
    await client.stream.send_all((MAX_FRAME_BYTES + 1).to_bytes(4, "big") + bytes(70_000))


async def unknown_tag(client: WireClient, _rng: random.Random) -> None:
    await client.stream.send_all(frame(pack_value([1_000, 7])))


async def an_answer(client: WireClient, _rng: random.Random) -> None:
    await client.send_raw(Pong(1), 7)


async def not_in_its_one_encoding(client: WireClient, _rng: random.Random) -> None:
    await client.stream.send_all(frame(b"\x92\xcd\x00\x04\x07"))


async def noise(client: WireClient, rng: random.Random) -> None:
    await client.stream.send_all(b"\xff" + rng.randbytes(50_000))


@pytest.mark.parametrize(
    "attack",
    [oversize, unknown_tag, an_answer, not_in_its_one_encoding, noise],
)
async def test_p6_what_breaks_the_rules_ends_the_connection_at_once(
    autojump_clock: object,
    rng: random.Random,
    attack: Callable[[WireClient, random.Random], Awaitable[None]],
) -> None:
    async with relay_rig(rng) as rig, under_attack(rig, DEFAULT):
        for number in range(30):
            client = await rig.greeted(house(9))
            if number % 2:
                await client.enter_now(rig.person(f"rude{number // 2 % 20}"))
            start = trio.current_time()
            with suppress(trio.BrokenResourceError):
                await attack(client, rng)
            await client.wait_for_end()
            assert trio.current_time() - start < 1.1
        reasons = {event["reason"] for event in rig.events("connection-closed")}
        assert all(reason.startswith("bad bytes") for reason in reasons), reasons


async def test_p6_requests_out_of_state_are_refused_and_nothing_else(
    autojump_clock: object, rng: random.Random
) -> None:
    async with relay_rig(rng) as rig, under_attack(rig, DEFAULT):
        client = await rig.greeted(house(9))
        for _ in range(20):
            upload: UploadPrekeys = rig.person("one").prekeys(1, 5)
            ids = await client.send_anyway(
                [Subscribe(), upload, submit_to(rig.person("one"), b"x", rng)]
            )
            assert tally(await client.answers(ids)) == {"NOT_LOGGED_IN": 3}
        await client.enter_now(rig.person("late"))


# --- blobs ------------------------------------------------------------------


def put(rng: random.Random, total: int, data: bytes = bytes(BLOB_PIECE_BYTES)) -> PutBlob:
    return PutBlob(BlobId(rng.randbytes(32)), b"s" * 32, 0, total, data)


async def test_p6_a_flood_of_blobs(autojump_clock: object, rng: random.Random) -> None:
    limits: Limits = replace(DEFAULT, blobs=BlobQuota(size_bytes=20 * BLOB_PIECE_BYTES))
    async with relay_rig(rng, limits=limits) as rig, under_attack(rig, limits):
        client = await rig.greeted(house(9))
        # Announced sizes count, not only what has come: else the quota would be found out late.
        count = await in_slices(client, [put(rng, 2 * BLOB_PIECE_BYTES) for _ in range(50)])
        assert count == {"BlobStored": 10, "QUOTA": 40}
        again = await rig.greeted(house(9))
        assert tally([await again.ask(put(rng, BLOB_PIECE_BYTES))]) == {"QUOTA": 1}
        neighbour = await rig.greeted(house(10))
        await neighbour.ask_for(BlobStored, put(rng, BLOB_PIECE_BYTES))


async def test_p6_blobs_are_put_at_the_rate_of_their_address(
    autojump_clock: object, rng: random.Random
) -> None:
    async with relay_rig(rng) as rig, under_attack(rig, DEFAULT):
        client = await rig.greeted(house(9))
        flood = [put(rng, 1, b"x") for _ in range(1_500)]
        count = await in_slices(client, flood)
        assert count["RATE_LIMITED"] > 200
        assert count["BlobStored"] + count["RATE_LIMITED"] == 1_500


async def test_p6_large_parts_asked_for_and_not_read(
    autojump_clock: object, rng: random.Random
) -> None:
    """32 requests of 100 bytes ask for 8 MB. One part is in memory, whoever asks for how many."""
    async with relay_rig(rng) as rig:
        blob = put(rng, MAX_BLOB_PART_BYTES, rng.randbytes(MAX_BLOB_PART_BYTES))
        await (await rig.greeted(house(8))).ask_for(BlobStored, blob)
        async with under_attack(rig, DEFAULT):
            for _ in range(20):
                client = rig.connect(trio.testing.lockstep_stream_pair, house(9))
                await client.greet()
                requests = [GetBlob(blob.blob_id, 0, MAX_BLOB_PART_BYTES)] * 32
                rig.nursery.start_soon(client.send, requests)
            await trio.sleep(WRITE_TIMEOUT_MS / 1_000 + 3)
            assert len(rig.relay._connections) == 3
        reader = await rig.greeted(house(9))
        parts = await reader.ask_all([GetBlob(blob.blob_id, 0, MAX_BLOB_PART_BYTES)] * 32)
        assert {type(part) for part in parts} == {BlobPart}


# --- and no attack at all ---------------------------------------------------


async def test_programs_of_this_machine_are_not_slowed_down(
    autojump_clock: object, rng: random.Random
) -> None:
    """50 connections x 16 in flight, as a load generator on loopback does it."""
    local = source_of("127.0.0.1", 50_000)
    async with relay_rig(rng) as rig:
        start = trio.current_time()
        async with trio.open_nursery() as nursery:
            for number in range(50):
                nursery.start_soon(load, rig, await rig.enter(f"load{number}", local))
        assert trio.current_time() == start
        assert rig.events("refused") == rig.events("turned-away") == []


async def load(rig: RelayRig, client: WireClient) -> None:
    to = rig.person("load0")
    for _ in range(10):
        answers = await client.ask_all([submit_to(to, b"x", rig.rng) for _ in range(16)])
        assert {type(each) for each in answers} == {Accepted}
