"""Keys that are signed as they should be, and none: they stop their owner's mail, nobody else's."""

import random
from dataclasses import replace
from pathlib import Path

from client.values import MessageState
from protocol.e2ee.identity import IdentityKeyPair, LocalDevice
from protocol.ids import DeviceAddress, FetchId, Name
from server.store.memory import MemoryStore
from server.store.values import TakenBundle
from tests.client.engine.world import small_world
from tests.fuzzing.key_answers import signed_by
from tests.support.randomness import SeededBytes
from tests.support.relay_rig import FakeClock

BOB = DeviceAddress(Name("bob"))


class KeylessBob(MemoryStore):
    """Gives a bundle for Bob to whose sealing key nothing can be sealed."""

    async def take_bundle(self, owner: DeviceAddress, fetch_id: FetchId) -> TakenBundle:
        taken = await super().take_bundle(owner, fetch_id)
        if owner != BOB:
            return taken
        sealing_key = taken.bundle.sealing_key
        unusable = replace(sealing_key, key=b"\xff" * len(sealing_key.key))
        maker = LocalDevice(BOB, IdentityKeyPair.generate(SeededBytes("keyless")))
        made_up = signed_by(maker, replace(taken.bundle, sealing_key=unusable))
        return replace(taken, bundle=made_up)


async def test_p6_a_contact_without_a_usable_key_stops_nobody_else(
    tmp_path: Path, rng: random.Random, autojump_clock: object
) -> None:
    store = KeylessBob(FakeClock())
    async with small_world(tmp_path, rng, store) as world:
        await world.register("bob")
        async with world.person("alice") as alice, world.person("carol") as carol:
            await alice.say("bob", "not to be had")
            await alice.say("carol", "hello")
            assert await carol.hears("alice", 1) == ["hello"]
            await alice.all_delivered("carol")
            (waiting,) = await alice.lines("bob")
            assert waiting.state is MessageState.QUEUED
