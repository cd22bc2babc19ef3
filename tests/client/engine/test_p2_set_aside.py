"""P2: a delivery that our own side cannot digest stops no other, and is not delivered for ever."""

import random
from pathlib import Path

import apsw
import pytest
import trio

from client.engine import intake
from client.messaging.outcomes import Outcome
from client.messaging.receiving import receive
from client.profile.opening import open_profile
from client.store.transaction import Transaction
from client.values import Delivery, EntryKind, Surroundings
from protocol.ids import DeviceAddress, Name
from tests.client.engine.world import Person, World, at_rest, small_world

BOB = Name("bob")
NOTICE = EntryKind.NOTICE


async def befriend(one: Person, *others: Person) -> None:
    for other in others:
        await other.say(one.name, "hello")
        await one.hears(other.name, 1)
        await one.say(other.name, "hello yourself")
        await other.hears(one.name, 1)
    await at_rest(one, *others)


async def damage_session(world: World, peer: str) -> None:
    """Make Bob's session with ``peer`` unreadable behind his engine's back."""
    async with open_profile(world.home, BOB, None, world.surroundings("vandal")) as profile:
        sql = "UPDATE sessions SET state = x'02C0' WHERE peer = ?"
        assert await profile.database.write(lambda tx: tx.execute(sql, (peer,))) == 1


async def texts(person: Person, peer: str, kind: EntryKind) -> list[str]:
    entries = await person.engine.history(Name(peer), 100)
    return [entry.text for entry in entries if entry.kind is kind]


async def gaps(person: Person, peer: str) -> list[str]:
    return await texts(person, peer, EntryKind.UNREADABLE)


async def has_heard_of_the_loss(person: Person, peer: str) -> None:
    with trio.fail_after(60):
        async with person.engine.events() as events:
            while not any("were dropped" in each for each in await texts(person, peer, NOTICE)):
                await events.receive()


async def test_p2_a_damaged_session_is_a_visible_gap_and_stops_nobody_else(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with (
        small_world(tmp_path, rng) as world,
        world.person("alice") as alice,
        world.person("carol") as carol,
        world.person("bob") as bob,
    ):
        await befriend(bob, alice, carol)
        await damage_session(world, "alice")
        await alice.say("bob", "lost")
        await carol.say("bob", "still here")
        assert await bob.hears("carol", 2) == ["hello", "still here"]
        await bob.hears("alice", 2)
        (gap,) = await gaps(bob, "alice")
        assert "stored session cannot be read back" in gap
        await bob.engine.settle(60)
        assert await world.store.count_waiting(DeviceAddress(BOB)) == 0


async def test_a_damaged_session_is_dropped_at_login_with_a_notice_and_replaced(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with small_world(tmp_path, rng) as world, world.person("alice") as alice:
        async with world.person("bob") as bob:
            await befriend(bob, alice)
        await damage_session(world, "alice")
        async with world.engine("bob") as bob:
            await has_heard_of_the_loss(bob, "alice")
            await bob.say("alice", "with fresh keys")
            assert (await alice.hears("bob", 2))[-1] == "with fresh keys"
            await alice.say("bob", "welcome back")
            assert (await bob.hears("alice", 2))[-1] == "welcome back"


async def test_what_is_the_machines_fault_sets_nothing_aside(
    autojump_clock: object, tmp_path: Path, rng: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = 3

    def on_a_full_disk(tx: Transaction, delivery: Delivery, around: Surroundings) -> Outcome:
        nonlocal full
        if full:
            full -= 1
            raise apsw.FullError("database or disk is full")
        return receive(tx, delivery, around)

    async with (
        small_world(tmp_path, rng) as world,
        world.person("alice") as alice,
        world.person("bob") as bob,
    ):
        monkeypatch.setattr(intake, "receive", on_a_full_disk)
        await alice.say("bob", "in the end")
        assert await bob.hears("alice", 1) == ["in the end"]
    assert full == 0


async def test_a_bug_of_ours_becomes_one_gap(
    autojump_clock: object, tmp_path: Path, rng: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    tripping: set[bytes] = set()

    def with_a_bug(tx: Transaction, delivery: Delivery, around: Surroundings) -> Outcome:
        outcome = receive(tx, delivery, around)
        tripping.add(delivery.envelope_id)
        if len(tripping) == 1:
            raise KeyError("secret plaintext")
        return outcome

    async with (
        small_world(tmp_path, rng) as world,
        world.person("alice") as alice,
        world.person("bob") as bob,
    ):
        await befriend(bob, alice)
        monkeypatch.setattr(intake, "receive", with_a_bug)
        await alice.say("bob", "trips it", "does not")
        assert "does not" in await bob.hears("alice", 3)
        (gap,) = await gaps(bob, "alice")
        assert gap.endswith("could not be opened: an error of this program.")
