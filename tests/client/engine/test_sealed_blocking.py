"""Blocking takes the permission to write without a name back, and gives the others another."""

import random
from pathlib import Path

import trio

from client.store import profile_keys
from client.values import MessageState
from protocol.e2ee.profile_key import delivery_token
from protocol.ids import DeviceAddress, Name
from protocol.wire.messages import token_hash
from server.store.values import NotStored, Submission
from tests.client.engine.sealed_rig import RecordingStore, acquaint, read
from tests.client.engine.world import at_rest, small_world

ALICE, BOB = Name("alice"), Name("bob")


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
