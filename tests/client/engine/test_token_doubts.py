"""Two processes set the delivery token; the older setting comes to the relay after the newer."""

import random
from pathlib import Path

import trio

from client.store import profile_keys, token_attempts
from protocol.e2ee.profile_key import delivery_token
from protocol.ids import DeviceAddress, Name
from protocol.wire.messages import token_hash
from server.store.memory import MemoryStore
from tests.client.engine.world import Person, at_rest, small_world
from tests.support.relay_rig import FakeClock

ALICE, BOB = Name("alice"), Name("bob")


class LateStore(MemoryStore):
    """Keeps one setting of a token back, as a slow network would."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.hold = False
        self.held, self.may_go, self.arrived = trio.Event(), trio.Event(), trio.Event()

    async def set_token(
        self, owner: DeviceAddress, token_hash: bytes, only_for: bytes | None = None
    ) -> None:
        if not self.hold:
            await super().set_token(owner, token_hash, only_for)
            return
        self.hold = False
        with trio.CancelScope(shield=True):  # its sender may be dead when it arrives
            self.held.set()
            await self.may_go.wait()
            await super().set_token(owner, token_hash, only_for)
            self.arrived.set()


async def is_on_record(alice: Person, store: MemoryStore) -> bool:
    """Tell whether the relay has the token of alice's key of now."""
    own = await alice.engine._shared.read(profile_keys.own)
    on_record: object = vars(store)["_owners"][ALICE].token_hash
    return on_record == token_hash(delivery_token(own.key).expose())


async def test_p2_the_token_of_a_blocked_contact_does_not_come_back_with_a_dead_process(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    store = LateStore(FakeClock())
    async with small_world(tmp_path, rng, store) as world, world.person("bob") as bob:
        async with world.person("alice") as alice:
            await bob.say("alice", "hello")
            await alice.hears("bob", 1)
            await at_rest(alice, bob)
        store.hold = True
        async with world.engine("alice", receive=False) as brief:
            await brief.engine.block(BOB)
            await store.held.wait()
        async with world.engine("alice") as alice:
            await alice.engine.unblock(BOB)
            await alice.engine.block(BOB)
            await alice.engine.wait_token_set(20)
            assert await is_on_record(alice, store)
            store.may_go.set()
            await store.arrived.wait()
            assert not await is_on_record(alice, store)
            await trio.sleep(130)
            assert await is_on_record(alice, store)
            assert await alice.engine._shared.read(token_attempts.open_ones) == frozenset()


async def test_p2_in_doubt_the_token_is_set_again_at_the_next_login(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    store = LateStore(FakeClock())
    async with small_world(tmp_path, rng, store) as world, world.person("bob") as bob:
        async with world.person("alice") as alice:
            await bob.say("alice", "hello")
            await alice.hears("bob", 1)
            await at_rest(alice, bob)
        store.hold = True
        async with world.engine("alice", receive=False) as brief:
            await brief.engine.block(BOB)
            await store.held.wait()
        async with world.engine("alice", receive=False) as brief:
            await brief.engine.unblock(BOB)
            await brief.engine.block(BOB)
            await brief.engine.wait_token_set(20)
        store.may_go.set()
        await store.arrived.wait()
        async with world.engine("alice", receive=False) as brief:
            await brief.engine.wait_online(20)
            await trio.sleep(5)
            assert await is_on_record(brief, store)
