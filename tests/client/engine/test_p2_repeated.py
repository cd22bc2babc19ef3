"""P2: whatever the relay repeats, every message is shown once."""

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from client.values import EntryKind
from protocol.ids import Name
from server.store.memory import MemoryStore
from server.store.values import Acknowledgement, Outcome, Submission
from tests.client.engine.streams import RepeatingStream
from tests.client.engine.world import small_world
from tests.support.relay_rig import FakeClock

TEXTS = [f"line {number}" for number in range(12)]


class ForgetfulStore(MemoryStore):
    """Says that it deletes what was acknowledged, and keeps it."""

    async def settle(
        self, submissions: Sequence[Submission], acknowledgements: Sequence[Acknowledgement]
    ) -> list[Outcome]:
        return await super().settle(submissions, ())


@pytest.mark.parametrize("case", range(4))
async def test_p2_repeated_deliveries_are_shown_once(
    autojump_clock: object, tmp_path: Path, rng: random.Random, case: int
) -> None:
    async with small_world(tmp_path, rng) as world:
        await world.register("alice")
        await world.register("bob")
        kept: dict[int, list[bytes]] = {}
        world.wrap = lambda stream: RepeatingStream(stream, rng, kept.setdefault(len(kept), []))
        async with world.engine("alice") as alice, world.engine("bob") as bob:
            for text in TEXTS:
                await alice.say("bob", text)
                await bob.say("alice", text)
                await bob.hears("alice", 1)
            assert await bob.hears("alice", len(TEXTS)) == TEXTS
            assert await alice.hears("bob", len(TEXTS)) == TEXTS
            await alice.all_delivered("bob")
            await bob.all_delivered("alice")
            for person, peer in [(alice, "bob"), (bob, "alice")]:
                assert await person.heard(peer) == TEXTS
                lines = await person.lines(peer)
                assert all(entry.kind is not EntryKind.UNREADABLE for entry in lines)


async def test_p2_a_mailbox_that_is_delivered_again_and_again(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    store = ForgetfulStore(FakeClock())
    async with small_world(tmp_path, rng, store) as world, world.person("alice") as alice:
        await world.register("bob")
        for round_number, text in enumerate(TEXTS[:4]):
            await alice.say("bob", text)
            async with world.engine("bob") as bob:
                await bob.hears("alice", round_number + 1)
                await bob.engine.settle(20)
                assert await bob.heard("alice") == TEXTS[: round_number + 1]
        await alice.all_delivered("bob")
        entries = await alice.engine.history(Name("bob"), 100)
        assert [entry.text for entry in entries if entry.kind is EntryKind.TEXT] == TEXTS[:4]
