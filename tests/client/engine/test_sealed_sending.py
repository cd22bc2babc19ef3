"""Sealed sending: after one round trip the relay names no sender, in either direction.

What is asserted comes from the relay's side: what its store was given, and what its rows hold.
"""

import random
from pathlib import Path

import apsw
import pytest
import trio

from client.engine.anonymous_line import ANONYMOUS_IDLE_S
from client.store import settings
from protocol.e2ee.padding import Padding
from protocol.ids import Name
from protocol.limits import PREKEY_ROTATION_MS
from protocol.wire.messages import FetchSealingKey, Message
from server.store.sqlite.lane import inline
from server.store.sqlite.store import SqliteStore
from tests.client.engine.sealed_rig import RecordingStore, acquaint, read, was_named
from tests.client.engine.world import at_rest, small_world
from tests.support.relay_rig import FakeClock
from tests.support.watched_stream import WatchedStream

ALICE = Name("alice")


async def test_after_one_round_trip_the_relay_is_told_no_sender(
    autojump_clock: object, tmp_path: Path, rng: random.Random, store: RecordingStore
) -> None:
    async with (
        small_world(tmp_path, rng, store) as world,
        world.person("alice") as alice,
        world.person("bob") as bob,
    ):
        await alice.say("bob", "hello")
        await alice.all_delivered("bob")
        names = store.take_names()
        # The first contact has to be vouched for; the receipt already travels without a name.
        assert names[:2] == [("alice", "bob")] * 2
        assert set(names[2:]) == {(None, "alice")}
        await bob.say("alice", "hello to you")
        await alice.hears("bob", 1)
        await alice.say("bob", "and so on")
        await bob.hears("alice", 2)
        await at_rest(alice, bob)
        assert set(store.take_names()) == {(None, "alice"), (None, "bob")}
        assert await was_named(alice, "bob", "hello")
        assert not await was_named(alice, "bob", "hello to you")
        assert not await was_named(alice, "bob", "and so on")
        assert await was_named(bob, "alice", "hello")


async def test_p1_the_rows_of_the_relay_name_no_sender_of_sealed_mail(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    relay_store = await SqliteStore.open(tmp_path / "relay.db", FakeClock(), inline)
    async with small_world(tmp_path, rng, relay_store) as world:
        async with world.person("alice") as alice, world.person("bob") as bob:
            await acquaint(alice, bob)
        async with world.engine("alice") as alice:
            await alice.say("bob", "while you are away")
            await alice.engine.settle(60)
            with apsw.Connection(str(tmp_path / "relay.db")) as database:
                rows = database.execute(
                    "SELECT vouched, hex(envelope) FROM mail WHERE envelope IS NOT NULL"
                ).fetchall()
        assert len(rows) == 1
        ((vouched, envelope),) = rows
        assert vouched is None
        assert b"alice".hex().upper() not in str(envelope)
    await relay_store.close()


async def test_keys_of_contacts_are_fetched_without_a_name(
    autojump_clock: object, tmp_path: Path, rng: random.Random, store: RecordingStore
) -> None:
    fetched: list[FetchSealingKey] = []

    def observe(_request_id: int, message: Message) -> None:
        if isinstance(message, FetchSealingKey):
            fetched.append(message)

    async with (
        small_world(tmp_path, rng, store) as world,
        world.person("alice") as alice,
        world.person("bob") as bob,
    ):
        await acquaint(alice, bob)
        await trio.sleep(2 * ANONYMOUS_IDLE_S)
        world.wrap = lambda stream: WatchedStream(stream, observe)
        store.clock.advance(PREKEY_ROTATION_MS + 1)
        world.clock.advance(PREKEY_ROTATION_MS + 1)
        store.take()
        await alice.say("bob", "after some days")
        await bob.hears("alice", 2)
        await at_rest(alice, bob)
        assert fetched
        assert all(each.token is not None for each in fetched)
        assert set(store.take_names()) <= {(None, "alice"), (None, "bob")}


async def test_the_second_connection_is_opened_late_and_closed_when_idle(
    autojump_clock: object, tmp_path: Path, rng: random.Random, store: RecordingStore
) -> None:
    async with (
        small_world(tmp_path, rng, store) as world,
        world.person("alice") as alice,
        world.person("bob") as bob,
    ):
        await alice.engine.wait_online(20)
        await bob.engine.wait_online(20)
        assert world.dial_count == 4  # two registrations, two logins
        await acquaint(alice, bob)
        acquainted = world.dial_count  # who had nothing more to say has not opened a second one
        assert acquainted in (5, 6)
        await trio.sleep(2 * ANONYMOUS_IDLE_S)
        assert "".join(world.log_lines).count("connection-closed") == acquainted - 2
        await alice.say("bob", "there you are")
        await bob.hears("alice", 2)
        assert world.dial_count > acquainted


async def test_p2_without_a_network_nothing_is_lost_on_either_connection(
    autojump_clock: object, tmp_path: Path, rng: random.Random, store: RecordingStore
) -> None:
    async with (
        small_world(tmp_path, rng, store) as world,
        world.person("alice") as alice,
        world.person("bob") as bob,
    ):
        await acquaint(alice, bob)
        store.take()
        for number in range(8):
            await alice.say("bob", f"line {number}")
            await world.kill_relay()
            await trio.sleep(1)
            await world.start_relay()
        assert (await bob.hears("alice", 9))[1:] == [f"line {number}" for number in range(8)]
        await alice.all_delivered("bob")
        assert {sender for sender, _ in store.take_names()} == {None}


@pytest.mark.parametrize("mode", list(Padding))
async def test_the_padding_is_as_the_setting_says(
    autojump_clock: object, tmp_path: Path, rng: random.Random, store: RecordingStore, mode: Padding
) -> None:
    async with (
        small_world(tmp_path, rng, store) as world,
        world.person("alice") as alice,
        world.person("bob") as bob,
    ):
        assert await alice.engine.padding() is Padding.PADME
        await alice.engine.set_padding(mode)
        assert await read(alice, settings.padding) is mode
        await alice.say("bob", "hello")
        await bob.hears("alice", 1)
        sizes = {
            len(each.envelope)
            for each, _ in store.take()
            if each.vouched and each.vouched.name == ALICE
        }
    assert (min(sizes) < 4_096) is (mode is Padding.NONE)
