"""What clients may do wrong: nothing of it reaches another client, and nothing grows."""

import random
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import trio
import trio.testing

from protocol.limits import (
    GREETING_TIMEOUT_MS,
    IDLE_TIMEOUT_MS,
    MAX_FRAME_BYTES,
    MAX_REQUESTS_IN_FLIGHT,
    WRITE_TIMEOUT_MS,
)
from protocol.wire.codec import encode
from protocol.wire.framing import frame
from protocol.wire.messages import Accepted, Hello, Ping, Pong, Subscribe, Subscribed
from server.conversation import READ_BYTES
from server.patience import SWEEP_SECONDS
from server.store.sqlite.lane import inline
from server.store.sqlite.store import SqliteStore
from tests.support.relay_rig import FakeClock, RelayRig, relay_rig
from tests.support.wire_client import WireClient, submit_to

HELLO_BYTES = frame(encode(Hello(1, 1), 1))


async def still_serves(rig: RelayRig, client: WireClient) -> None:
    """Check that somebody else notices nothing."""
    submit = submit_to(rig.person("witness"), b"sealed", rig.rng)
    await client.ask_for(Accepted, submit)
    assert (await client.next_mail()).envelope_id == submit.envelope_id


async def witness(rig: RelayRig) -> WireClient:
    client = await rig.enter("witness")
    await client.ask_for(Subscribed, Subscribe())
    return client


def last_words(rig: RelayRig, number: int = 2) -> str:
    """Give the reason in the log for which connection ``number`` was closed."""
    (reason,) = (
        event["reason"]
        for event in rig.events("connection-closed")
        if event["connection"] == number
    )
    return str(reason)


# --- wrong bytes ------------------------------------------------------------


def a_port_probe(_rng: random.Random) -> bytes:
    return b""


def half_a_frame(_rng: random.Random) -> bytes:
    return HELLO_BYTES[:-1]


def half_a_length(_rng: random.Random) -> bytes:
    return b"\x00\x00"


def noise(rng: random.Random) -> bytes:
    return b"\x00" + rng.randbytes(10_000)


def a_browser(_rng: random.Random) -> bytes:
    return b"GET / HTTP/1.1\r\nHost: relay\r\n\r\n"


def too_long_a_frame(_rng: random.Random) -> bytes:
    return HELLO_BYTES + (MAX_FRAME_BYTES + 1).to_bytes(4, "big")


def an_answer(_rng: random.Random) -> bytes:
    return HELLO_BYTES + frame(encode(Pong(1), 2))


@pytest.mark.parametrize(
    "wrong",
    [a_port_probe, half_a_frame, half_a_length, noise, a_browser, too_long_a_frame, an_answer],
)
async def test_wrong_bytes_end_their_own_connection(
    rng: random.Random, wrong: Callable[[random.Random], bytes]
) -> None:
    async with relay_rig(rng) as rig:
        other = await witness(rig)
        client = rig.connect()
        await client.stream.send_all(wrong(rng))
        await client.aclose()
        await rig.settle()
        assert last_words(rig).startswith("ended" if wrong is a_port_probe else "bad bytes")
        await still_serves(rig, other)


async def test_garbage_at_any_point_of_a_session(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        other = await witness(rig)
        for number in range(30):
            client = rig.connect()
            if number % 3:
                await client.greet()
            if number % 3 == 2:
                await client.enter_now(rig.person(f"p{number}"))
            await client.stream.send_all(rng.randbytes(rng.randint(1, 3_000)))
            await client.aclose()
        await still_serves(rig, other)


async def test_a_client_that_vanishes_with_work_under_way(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        other = await witness(rig)
        for _ in range(20):
            client = await rig.enter("alice")
            await client.send([submit_to(rig.person("witness"), b"x", rng) for _ in range(20)])
            await client.aclose()
        await rig.settle()
        assert len({(await other.next_mail()).sequence for _ in range(60)}) == 60


# --- silence ----------------------------------------------------------------


@pytest.mark.parametrize("said", [b"", HELLO_BYTES[:3], HELLO_BYTES[:-1]])
async def test_who_does_not_greet_in_time_is_closed(
    autojump_clock: trio.testing.MockClock, rng: random.Random, said: bytes
) -> None:
    async with relay_rig(rng) as rig:
        client = rig.connect()
        start = trio.current_time()
        if said:
            await client.stream.send_all(said)
        await client.wait_for_end()
        assert trio.current_time() - start == pytest.approx(
            GREETING_TIMEOUT_MS / 1000, abs=SWEEP_SECONDS
        )
        await rig.settle()
        assert last_words(rig, 1) == "timeout: the greeting took too long"


async def test_a_slow_greeting_byte_by_byte_is_closed(
    autojump_clock: trio.testing.MockClock, rng: random.Random
) -> None:
    async with relay_rig(rng) as rig:
        client = rig.connect()
        start = trio.current_time()
        rig.nursery.start_soon(say_slowly, client)
        await client.wait_for_end()
        assert trio.current_time() - start <= GREETING_TIMEOUT_MS / 1000 + 2 + SWEEP_SECONDS


async def say_slowly(client: WireClient) -> None:
    with suppress(trio.BrokenResourceError):
        for index in range(len(HELLO_BYTES)):
            await client.stream.send_all(HELLO_BYTES[index : index + 1])
            await trio.sleep(2)


async def test_who_is_silent_is_closed_and_who_pings_is_not(
    autojump_clock: trio.testing.MockClock, rng: random.Random
) -> None:
    async with relay_rig(rng) as rig:
        silent, pinging = await rig.enter("silent"), await rig.enter("pinging")
        for _ in range(9):
            await trio.sleep(IDLE_TIMEOUT_MS / 3000)
            await pinging.ask_for(Pong, Ping())
        await silent.wait_for_end()
        assert last_words(rig, 1).startswith("timeout")
        assert len(rig.events("connection-closed")) == 1


# --- too much ---------------------------------------------------------------


async def test_who_asks_and_never_reads_is_read_no_more(
    autojump_clock: trio.testing.MockClock, rng: random.Random
) -> None:
    """The stream has no room at all: what is sent is what the relay has taken."""
    async with relay_rig(rng) as rig:
        client = rig.connect(trio.testing.lockstep_stream_pair)
        await client.greet()
        ping = frame(encode(Ping(), 1))
        taken = 0
        with trio.move_on_after(5):
            for request_id in range(2, 1_000_000):
                await client.stream.send_all(frame(encode(Ping(), request_id)))
                taken += 1
        assert taken <= MAX_REQUESTS_IN_FLIGHT + READ_BYTES // len(ping) + 2


async def test_who_takes_nothing_is_closed(
    autojump_clock: trio.testing.MockClock, rng: random.Random
) -> None:
    async with relay_rig(rng) as rig:
        client = rig.connect(trio.testing.lockstep_stream_pair)
        await client.greet()
        await client.send_raw(Ping(), 2)
        await trio.sleep(WRITE_TIMEOUT_MS / 1000 - 1)
        assert rig.events("connection-closed") == []
        await trio.sleep(3)
        assert last_words(rig, 1) == "timeout: taking what was sent took too long"


@pytest.mark.parametrize("subscribed_first", [True, False])
async def test_p6_a_reader_that_never_reads_costs_bounded_memory(
    autojump_clock: trio.testing.MockClock,
    rng: random.Random,
    tmp_path: Path,
    subscribed_first: bool,
) -> None:
    """16 MB of mail for her, and the relay's memory grows by a page of it."""
    clock = FakeClock()
    store = await SqliteStore.open(tmp_path / "relay.db", clock, inline)
    async with relay_rig(rng, store, clock) as rig:
        sleeper = rig.connect(trio.testing.lockstep_stream_pair)
        await sleeper.enter(rig.person("sleeper"))
        if subscribed_first:
            await sleeper.ask_for(Subscribed, Subscribe())
        alice = await rig.enter("alice")
        await send_much(rig, alice, 2)
        tracemalloc.start()
        try:
            await send_much(rig, alice, 100)
            if not subscribed_first:
                await sleeper.send([Subscribe()])
                await rig.settle()
            grown, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert grown < 2_000_000
        assert peak < 8_000_000  # a batch of submits under way, in both their forms
        assert await store.count_waiting(rig.person("sleeper").address) == 102 * 8
    await store.close()


async def send_much(rig: RelayRig, client: WireClient, rounds: int) -> None:
    for _ in range(rounds):
        some = [
            submit_to(rig.person("sleeper"), rig.rng.randbytes(20_000), rig.rng) for _ in range(8)
        ]
        answers = await client.ask_all(some)
        assert {type(answer) for answer in answers} == {Accepted}
