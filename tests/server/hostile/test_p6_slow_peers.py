"""P6: peers that are slow on purpose. Each ends, by itself, and nobody else waits for it."""

import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import trio
import trio.testing

from protocol.limits import (
    GREETING_TIMEOUT_MS,
    IDLE_TIMEOUT_MS,
    MAX_ADDRESS_CONNECTIONS,
    MAX_ENVELOPE_BYTES,
    MAX_FRAME_BYTES,
    WRITE_TIMEOUT_MS,
)
from protocol.wire.codec import encode
from protocol.wire.framing import frame
from protocol.wire.messages import Hello, Ping, Submit
from server.limits.values import DEFAULT
from server.relay_key import load_or_make
from tests.server.hostile.bystanders import house, under_attack
from tests.support.relay_rig import RelayRig, StreamPair, relay_rig
from tests.support.tls import over_tls
from tests.support.wire_client import WireClient, submit_to

HELLO_BYTES = frame(encode(Hello(1, 1), 1))
MANY = 20
SLACK_SECONDS = 2  # closing a stream takes up to one


async def trickle(client: WireClient, data: bytes, seconds: float) -> None:
    """Send a byte now and then."""
    with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
        for index in range(len(data)):
            await client.stream.send_all(data[index : index + 1])
            await trio.sleep(seconds)


async def all_end_within(rig: RelayRig, clients: list[WireClient], seconds: float) -> None:
    """Check that the relay ends all of them in time."""
    async with trio.open_nursery() as nursery:
        for client in clients:
            nursery.start_soon(ends_within, client, seconds + SLACK_SECONDS)
    assert len(rig.relay._connections) == 2


async def ends_within(client: WireClient, seconds: float) -> None:
    with trio.fail_after(seconds):
        await client.wait_for_end()


@pytest.mark.parametrize("pause", [2.0, 60.0])
async def test_p6_a_greeting_byte_by_byte(
    autojump_clock: object, rng: random.Random, pause: float
) -> None:
    async with relay_rig(rng) as rig, under_attack(rig, DEFAULT):
        clients = [rig.connect(source=house(9)) for _ in range(MANY)]
        for client in clients:
            rig.nursery.start_soon(trickle, client, HELLO_BYTES, pause)
        await all_end_within(rig, clients, GREETING_TIMEOUT_MS / 1_000)


@pytest.mark.parametrize("pause", [0.5, 60.0])
async def test_p6_a_tls_handshake_byte_by_byte(
    autojump_clock: object, rng: random.Random, tmp_path: Path, pause: float
) -> None:
    key = load_or_make(tmp_path / "relay.key", rng.randbytes)
    # What a client says first in TLS, taken from one that never gets an answer.
    first_words = trio.testing.memory_stream_pair()
    client_hello = b""
    with trio.move_on_after(1):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(over_tls(first_words[0]).do_handshake)
            client_hello = bytes(await first_words[1].receive_some(65_536))
            nursery.cancel_scope.cancel()
    assert len(client_hello) > 100

    def inside_tls() -> StreamPair:
        ours, theirs = trio.testing.memory_stream_pair()
        return ours, trio.SSLStream(theirs, key.tls, server_side=True)

    async with relay_rig(rng) as rig, under_attack(rig, DEFAULT):
        clients = [rig.connect(inside_tls, house(9)) for _ in range(MANY)]
        for client in clients:
            rig.nursery.start_soon(trickle, client, client_hello[:-1], pause)
        await all_end_within(rig, clients, GREETING_TIMEOUT_MS / 1_000)


@pytest.mark.parametrize("pause", [1.0, 60.0])
@pytest.mark.parametrize("logged_in", [False, True])
async def test_p6_a_frame_byte_by_byte(
    autojump_clock: object, rng: random.Random, pause: float, logged_in: bool
) -> None:
    """Each byte comes well within the timeout for silence, and the frame would take months."""
    async with relay_rig(rng) as rig, under_attack(rig, DEFAULT):
        clients = []
        for number in range(MANY):
            client = await rig.greeted(house(9))
            if logged_in:
                await client.enter_now(rig.person(f"slow{number}"))
            clients.append(client)
        long = frame(encode(submit_to(rig.person("one"), bytes(MAX_ENVELOPE_BYTES), rng), 9))
        for client in clients:
            rig.nursery.start_soon(trickle, client, long, pause)
        await all_end_within(rig, clients, IDLE_TIMEOUT_MS / 1_000)


async def test_p6_half_frames(autojump_clock: object, rng: random.Random) -> None:
    """As many as one address may: each holds a frame that lacks its last byte."""
    async with relay_rig(rng) as rig, under_attack(rig, DEFAULT):
        most = MAX_FRAME_BYTES.to_bytes(4, "big") + bytes(MAX_FRAME_BYTES - 1)
        clients = []
        for _ in range(MAX_ADDRESS_CONNECTIONS):
            client = await rig.greeted(house(9))
            await client.stream.send_all(most)
            clients.append(client)
        await rig.settle()
        held = [len(each._link._reader._buffer) for each in rig.relay._connections]
        assert sum(size > MAX_FRAME_BYTES for size in held) == MAX_ADDRESS_CONNECTIONS
        await all_end_within(rig, clients, IDLE_TIMEOUT_MS / 1_000)


def pings(_rig: RelayRig) -> list[bytes]:
    return [frame(encode(Ping(), number)) for number in range(2, 2_000)]


def submits(rig: RelayRig) -> list[bytes]:
    to = rig.person("sleeper")
    some: list[Submit] = [submit_to(to, bytes(20_000), rig.rng) for _ in range(200)]
    return [frame(encode(submit, number)) for number, submit in enumerate(some, 2)]


@pytest.mark.parametrize("asking", [pings, submits])
async def test_p6_requests_without_reading_the_answers(
    autojump_clock: object, rng: random.Random, asking: Callable[[RelayRig], list[bytes]]
) -> None:
    async with relay_rig(rng) as rig:
        await rig.enter("sleeper")
        async with under_attack(rig, DEFAULT):
            clients = []
            for number in range(MANY):
                client = rig.connect(trio.testing.lockstep_stream_pair, house(9))
                await client.enter(rig.person(f"deaf{number}"))
                clients.append(client)
                rig.nursery.start_soon(ask_for_ever, client, asking(rig))
            await trio.sleep(WRITE_TIMEOUT_MS / 1_000 + SLACK_SECONDS)
            assert len(rig.relay._connections) == 3  # the two, and the sleeper


async def ask_for_ever(client: WireClient, frames: list[bytes]) -> None:
    with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
        for data in frames:
            await client.stream.send_all(data)
