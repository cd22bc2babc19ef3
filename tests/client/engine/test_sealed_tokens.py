"""A token that is refused, or never came: the message goes with a name, and another one follows."""

import random
from pathlib import Path

import trio

from client.store import profile_keys
from client.store.transaction import Transaction
from protocol.ids import DeviceAddress, Name
from protocol.limits import PROFILE_KEY_RETOLD_MS
from server.store.values import NotStored
from tests.client.engine.sealed_rig import RecordingStore, acquaint, is_sealed, was_named
from tests.client.engine.world import Person, World, at_rest, small_world

ALICE, BOB = Name("alice"), Name("bob")


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
