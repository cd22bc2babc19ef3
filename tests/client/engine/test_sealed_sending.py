"""Sealed sending: after one round trip the relay names no sender, in either direction.

What is asserted comes from the relay's side: what its store was given, and what its rows hold.
"""

import random
from collections.abc import Sequence
from pathlib import Path

import apsw
import pytest
import trio

from client.engine.anonymous_line import ANONYMOUS_IDLE_S
from client.store import profile_keys, settings
from client.store.transaction import Transaction
from client.values import MessageState
from protocol.e2ee.padding import Padding
from protocol.e2ee.profile_key import delivery_token
from protocol.ids import DeviceAddress, Name
from protocol.limits import PREKEY_ROTATION_MS, PROFILE_KEY_RETOLD_MS
from protocol.wire.messages import FetchSealingKey, Message, token_hash
from server.store.memory import MemoryStore
from server.store.sqlite.lane import inline
from server.store.sqlite.store import SqliteStore
from server.store.values import Acknowledgement, NotStored, Outcome, Submission
from tests.client.engine.world import Person, World, at_rest, small_world
from tests.support.relay_rig import FakeClock
from tests.support.watched_stream import WatchedStream

ALICE, BOB, CAROL = Name("alice"), Name("bob"), Name("carol")


class RecordingStore(MemoryStore):
    """Remembers every submission, and what became of it."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.clock = clock
        self.submissions: list[tuple[Submission, Outcome]] = []

    async def settle(
        self, submissions: Sequence[Submission], acknowledgements: Sequence[Acknowledgement]
    ) -> list[Outcome]:
        outcomes = await super().settle(submissions, acknowledgements)
        self.submissions += zip(submissions, outcomes, strict=True)
        return outcomes

    def take(self) -> list[tuple[Submission, Outcome]]:
        """Give what was submitted since the last time."""
        taken, self.submissions = self.submissions, []
        return taken

    def take_names(self) -> list[tuple[str | None, str]]:
        """Give sender and recipient of what was submitted since the last time."""
        return [(each.vouched.name if each.vouched else None, each.recipient.name)
                for each, _ in self.take()]  # fmt: skip


@pytest.fixture
def store() -> RecordingStore:
    return RecordingStore(FakeClock())


async def read(person: Person, function: object) -> object:
    return await person.engine._shared.read(function)  # type: ignore[arg-type]


async def is_sealed(person: Person, peer: str) -> bool:
    return next(each.sealed for each in await person.engine.contacts() if each.name == peer)


async def acquaint(one: Person, other: Person) -> None:
    """Let two exchange a message each way, until everything has arrived."""
    await one.say(other.name, "hello")
    await other.hears(one.name, 1)
    await other.say(one.name, "hello to you")
    await one.hears(other.name, 1)
    await at_rest(one, other)
    assert await is_sealed(one, other.name)
    assert await is_sealed(other, one.name)


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


async def was_named(person: Person, peer: str, text: str) -> bool | None:
    """Tell whether the relay saw who submitted a message, as the X-ray would say."""
    (line,) = [line for line in await person.lines(peer) if line.text == text]
    return (await person.engine.specimen(line.message_id.hex())).named


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


async def test_a_token_that_is_refused_costs_no_message_and_the_bytes_are_the_same(
    autojump_clock: object, tmp_path: Path, rng: random.Random, store: RecordingStore
) -> None:
    async with (
        small_world(tmp_path, rng, store) as world,
        world.person("alice") as alice,
        world.person("bob") as bob,
    ):
        await acquaint(alice, bob)
        await store.set_token(DeviceAddress(BOB), bytes(32))  # the relay lies, or has lost it
        store.take()
        await alice.say("bob", "with my name, then")
        assert await bob.hears("alice", 2) == ["hello", "with my name, then"]
        await at_rest(alice, bob)
        refused, openly = [
            (each, what) for each, what in store.take() if each.recipient.name == BOB
        ]
        assert refused[1] is NotStored.BAD_TOKEN
        assert refused[0].vouched is None
        assert openly[0].vouched is not None
        assert openly[0].vouched.name == ALICE
        assert openly[0].envelope_id == refused[0].envelope_id
        assert openly[0].envelope == refused[0].envelope
        assert not await is_sealed(alice, "bob")
        assert await was_named(alice, "bob", "with my name, then")


async def test_a_connection_on_which_a_token_was_refused_is_used_no_more(
    autojump_clock: object, tmp_path: Path, rng: random.Random, store: RecordingStore
) -> None:
    """The relay can tell by the envelope's id whose it is."""
    async with (
        small_world(tmp_path, rng, store) as world,
        world.person("alice") as alice,
        world.person("bob") as bob,
        world.person("carol") as carol,
    ):
        await acquaint(alice, bob)
        await acquaint(alice, carol)
        await store.set_token(DeviceAddress(BOB), bytes(32))
        await alice.say("bob", "refused")
        await alice.all_delivered("bob")
        before = world.dial_count
        await alice.say("carol", "on another one")
        await carol.hears("alice", 2)
        assert world.dial_count == before + 1


async def a_day_passes(world: World, store: RecordingStore) -> None:
    """Let it be a day later, and the clients have heard of it."""
    for clock in (store.clock, world.clock):
        clock.advance(PROFILE_KEY_RETOLD_MS + 1)
    await trio.sleep(1_000)


async def test_who_never_got_the_key_is_told_again_a_day_later(
    autojump_clock: object, tmp_path: Path, rng: random.Random, store: RecordingStore
) -> None:
    async with (
        small_world(tmp_path, rng, store) as world,
        world.person("alice") as alice,
        world.person("bob") as bob,
    ):
        await acquaint(alice, bob)
        await forget_token(alice, BOB)
        await alice.say("bob", "with my name")
        await at_rest(alice, bob)
        assert not await is_sealed(alice, "bob")  # not at once: it may be on its way
        await a_day_passes(world, store)
        await alice.say("bob", "still with my name")
        await at_rest(alice, bob)
        assert await is_sealed(alice, "bob")


async def test_a_relay_whose_disk_was_put_back_gets_the_token_again(
    autojump_clock: object, tmp_path: Path, rng: random.Random, store: RecordingStore
) -> None:
    async with (
        small_world(tmp_path, rng, store) as world,
        world.person("alice") as alice,
        world.person("bob") as bob,
    ):
        await acquaint(alice, bob)
        await store.set_token(DeviceAddress(BOB), bytes(32))
        await a_day_passes(world, store)
        await alice.say("bob", "refused, then with my name")
        await at_rest(alice, bob)
        assert await is_sealed(alice, "bob")
        store.take()
        await alice.say("bob", "without a name again")
        await at_rest(alice, bob)
        assert (None, "bob") in store.take_names()


async def forget_token(person: Person, peer: Name) -> None:
    """As if the message with the key had been lost."""

    def forget(tx: Transaction) -> None:
        profile_keys.forget_token(tx, peer, profile_keys.token_of(tx, peer))

    await person.engine._shared.write(forget)


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


# --- blocking ---------------------------------------------------------------


async def test_blocking_ends_the_permission_and_the_others_get_another(
    autojump_clock: object, tmp_path: Path, rng: random.Random, store: RecordingStore
) -> None:
    async with (
        small_world(tmp_path, rng, store) as world,
        world.person("alice") as alice,
        world.person("bob") as bob,
        world.person("carol") as carol,
    ):
        await acquaint(alice, bob)
        await acquaint(alice, carol)
        old = await read(bob, lambda tx: profile_keys.token_of(tx, ALICE))
        await alice.engine.block(BOB)
        await alice.engine.wait_token_set(20)
        await at_rest(alice, carol)
        new = delivery_token((await read(alice, profile_keys.own)).key)  # type: ignore[attr-defined]
        assert await read(carol, lambda tx: profile_keys.token_of(tx, ALICE)) == new != old
        assert await read(bob, lambda tx: profile_keys.token_of(tx, ALICE)) == old
        store.take()
        await bob.say("alice", "do you hear me?")
        await carol.say("alice", "I am still here")
        assert await alice.hears("carol", 2) == ["hello to you", "I am still here"]
        await at_rest(alice, bob, carol)
        by_bob = [(each, what) for each, what in store.take() if is_from_bob(each, old)]
        assert by_bob[0][1] is NotStored.BAD_TOKEN  # the old one opens nothing any more
        assert await alice.heard("bob") == ["hello to you"]
        (line,) = [line for line in await bob.lines("alice") if line.text == "do you hear me?"]
        assert line.state is MessageState.AT_RELAY  # no receipt
        assert await store.count_waiting(DeviceAddress(ALICE)) == 0  # it was acknowledged
        await alice.engine.unblock(BOB)
        await bob.say("alice", "and now?")
        assert (await alice.hears("bob", 2))[-1] == "and now?"
        await at_rest(alice, bob)
        assert await read(bob, lambda tx: profile_keys.token_of(tx, ALICE)) == new


def is_from_bob(submission: Submission, old: object) -> bool:
    if submission.vouched is not None:
        return submission.vouched.name == BOB
    return submission.token_hash == token_hash(old.expose())  # type: ignore[attr-defined]


async def test_a_block_without_a_relay_holds_at_once_and_the_token_follows(
    autojump_clock: object, tmp_path: Path, rng: random.Random, store: RecordingStore
) -> None:
    async with (
        small_world(tmp_path, rng, store) as world,
        world.person("alice") as alice,
        world.person("bob") as bob,
        world.person("carol") as carol,
    ):
        await acquaint(alice, bob)
        await acquaint(alice, carol)
        await world.kill_relay()
        await alice.engine.block(BOB)
        await trio.sleep(60)
        await world.start_relay()
        await alice.engine.wait_token_set(60)
        await at_rest(alice, carol)
        store.take()
        await carol.say("alice", "hello again")
        await alice.hears("carol", 2)
        assert (None, "alice") in store.take_names()


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
