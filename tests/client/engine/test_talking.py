"""Two engines and a relay: talk, wait for each other, come back."""

import random
from pathlib import Path

import pytest
import trio

from client.errors import ExitCode, LocalError, RefusedByRelay, RelayUnreachable
from client.values import Connection, ConnectionChanged, HistoryChanged, MessageState
from protocol.ids import Name
from server.store.interface import RelayStore
from server.store.memory import MemoryStore
from server.store.sqlite.lane import inline
from server.store.sqlite.store import SqliteStore
from tests.client.engine.world import small_world
from tests.support.relay_rig import FakeClock

BOB = Name("bob")


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> RelayStore:
    clock = FakeClock()
    if request.param == "memory":
        return MemoryStore(clock)
    return await SqliteStore.open(tmp_path / "relay.db", clock, inline)


async def test_two_people_talk_both_ways(
    autojump_clock: object, tmp_path: Path, rng: random.Random, store: RelayStore
) -> None:
    async with (
        small_world(tmp_path, rng, store) as world,
        world.person("alice") as alice,
        world.person("bob") as bob,
    ):
        await alice.say("bob", "hello", "are you there?")
        assert await bob.hears("alice", 2) == ["hello", "are you there?"]
        await bob.say("alice", "yes")
        assert await alice.hears("bob", 1) == ["yes"]
        await alice.all_delivered("bob")
        await bob.all_delivered("alice")
    await store.close()


async def test_two_hundred_messages_at_once_stay_in_order(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    texts = [f"line {number}" for number in range(200)]
    async with (
        small_world(tmp_path, rng) as world,
        world.person("alice") as alice,
        world.person("bob") as bob,
    ):
        await alice.say("bob", *texts)
        assert await bob.hears("alice", 200) == texts
        assert all(entry.missing_before == 0 for entry in await bob.lines("alice"))
        await alice.all_delivered("bob")


async def test_the_first_message_waits_for_a_peer_who_sleeps(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with small_world(tmp_path, rng) as world, world.person("alice") as alice:
        await world.register("bob")
        message_id = await alice.engine.send_text(BOB, "good morning")
        state = await alice.engine.wait_for(message_id, MessageState.AT_RELAY, 20)
        assert state is MessageState.AT_RELAY
        async with world.engine("bob") as bob:
            assert await bob.hears("alice", 1) == ["good morning"]
            await bob.engine.settle(20)
        await alice.all_delivered("bob")


async def test_p2_a_queue_reaches_the_relay_in_its_order(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    """Seen in the rows as they were stored; the history would sort them."""
    texts = [str(number) for number in range(12)]
    async with (
        small_world(tmp_path, rng) as world,
        world.person("alice") as alice,
        world.person("bob") as bob,
    ):
        await alice.say("bob", "first")
        await bob.hears("alice", 1)
        await world.kill_relay()
        await alice.say("bob", *texts)
        await world.start_relay()
        await bob.hears("alice", 13)
        arrived = sorted(await bob.lines("alice"), key=lambda entry: entry.row_id)
        assert [entry.text for entry in arrived if entry.text in texts] == texts


async def test_what_is_written_while_the_relay_is_down_goes_out_later(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with small_world(tmp_path, rng) as world:
        await world.register("alice")
        await world.register("bob")
        await world.kill_relay()
        async with world.engine("alice") as alice, world.engine("bob") as bob:
            message_id = await alice.engine.send_text(BOB, "later")
            with pytest.raises(RelayUnreachable) as caught:
                await alice.engine.wait_online(20)
            assert caught.value.exit_code is ExitCode.UNREACHABLE
            assert alice.engine.connection is Connection.OFFLINE
            assert isinstance(alice.engine.last_problem, RelayUnreachable)
            state = await alice.engine.wait_for(message_id, MessageState.AT_RELAY, 1)
            assert state is MessageState.QUEUED
            await world.start_relay()
            assert await bob.hears("alice", 1) == ["later"]
            await alice.all_delivered("bob")
            assert alice.engine.last_problem is None


async def test_a_name_nobody_has_fails_with_the_reason(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with small_world(tmp_path, rng) as world, world.person("alice") as alice:
        message_id = await alice.engine.send_text(BOB, "hello?")
        with pytest.raises(RefusedByRelay, match="no account named bob") as caught:
            await alice.engine.wait_for(message_id, MessageState.AT_RELAY, 20)
        assert caught.value.exit_code is ExitCode.REFUSED
        (entry,) = await alice.lines("bob")
        assert entry.state is MessageState.FAILED
        assert entry.failure == "There is no account named bob on this relay."
        # Later bob exists, and a new message is not held back by the old refusal.
        await world.register("bob")
        again = await alice.engine.send_text(BOB, "hello!")
        state = await alice.engine.wait_for(again, MessageState.AT_RELAY, 20)
        assert state is MessageState.AT_RELAY


@pytest.mark.parametrize("gently", [True, False], ids=["drained", "killed"])
async def test_a_relay_that_starts_again_loses_nothing(
    autojump_clock: object, tmp_path: Path, rng: random.Random, gently: bool
) -> None:
    async with (
        small_world(tmp_path, rng) as world,
        world.person("alice") as alice,
        world.person("bob") as bob,
    ):
        for round_number in range(4):
            await alice.say("bob", f"before {round_number}")
            await (world.drain_relay() if gently else world.kill_relay())
            await alice.say("bob", f"while down {round_number}")
            await bob.say("alice", f"down too {round_number}")
            await world.start_relay()
            assert len(await bob.hears("alice", 2 * (round_number + 1))) == 2 * (round_number + 1)
            await alice.hears("bob", round_number + 1)
        await alice.all_delivered("bob")
        expected = [f"{when} {n}" for n in range(4) for when in ("before", "while down")]
        assert await bob.heard("alice") == expected


async def test_a_relay_that_says_goodbye_is_dialled_again_when_it_asked(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with small_world(tmp_path, rng) as world, world.person("alice") as alice:
        await alice.engine.wait_online(20)
        await world.drain_relay()
        await world.start_relay()
        before = trio.current_time()
        await alice.engine.wait_online(20)
        assert trio.current_time() - before < 3
        assert world.dial_count == 3  # registration, first, and exactly one more


async def test_a_slow_subscriber_holds_nobody_up(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with (
        small_world(tmp_path, rng) as world,
        world.person("alice") as alice,
        world.person("bob") as bob,
        bob.engine.events() as events,
    ):
        await alice.say("bob", *(f"{number}" for number in range(100)))
        await bob.hears("alice", 100)
        await alice.all_delivered("bob")
        seen = []
        with trio.move_on_after(1):
            async for event in events:
                seen.append(event)
        assert HistoryChanged(Name("alice")) in seen
        assert len(seen) < 40


async def test_connection_changes_are_told(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with (
        small_world(tmp_path, rng) as world,
        world.person("alice") as alice,
        alice.engine.events() as events,
    ):
        await alice.engine.wait_online(20)
        await world.kill_relay()
        told: list[ConnectionChanged] = []
        while not told or told[-1].connection is not Connection.OFFLINE:
            event = await events.receive()
            assert isinstance(event, ConnectionChanged)
            told.append(event)
        assert ConnectionChanged(Connection.ONLINE) in told
        assert "lost" in told[-1].reason


async def test_what_cannot_be_a_message_is_refused_and_nothing_is_stored(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with small_world(tmp_path, rng) as world, world.person("alice") as alice:
        for peer, text in [("alice", "me?"), ("bob", "  "), ("bob", "x" * 65_537)]:
            with pytest.raises(LocalError):
                await alice.engine.send_text(Name(peer), text)
        assert await alice.lines("bob") == []
        assert (await alice.engine.status()).queued_count == 0
