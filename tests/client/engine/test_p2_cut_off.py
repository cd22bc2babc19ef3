"""P2: connections cut at any byte; every message arrives once and in order."""

import random
from pathlib import Path

import pytest
import trio

from tests.client.engine.streams import DyingStream
from tests.client.engine.world import small_world

TEXTS = [f"line {number}" for number in range(8)]

# A login takes 300 bytes, a bundle 4 kB, a submit or a delivery 6 kB.
REACH_BYTES = 60_000


@pytest.mark.parametrize("case", range(16))
async def test_p2_exactly_once_and_in_order_wherever_the_wire_is_cut(
    autojump_clock: object, tmp_path: Path, rng: random.Random, case: int
) -> None:
    cuts = [rng.randrange(1, REACH_BYTES >> rng.randrange(8)) for _ in range(12)]
    async with small_world(tmp_path, rng) as world:
        await world.register("alice")
        await world.register("bob")
        left = iter(cuts)

        def cut(stream: trio.abc.Stream) -> trio.abc.Stream:
            budget = next(left, None)
            return stream if budget is None else DyingStream(stream, budget)

        world.wrap = cut
        async with world.engine("alice") as alice, world.engine("bob") as bob:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(alice.say, "bob", *TEXTS)
                nursery.start_soon(bob.say, "alice", *TEXTS)
            assert await bob.hears("alice", len(TEXTS)) == TEXTS, cuts
            assert await alice.hears("bob", len(TEXTS)) == TEXTS, cuts
            await alice.all_delivered("bob")
            await bob.all_delivered("alice")
            assert await bob.heard("alice") == TEXTS, cuts
            assert await alice.heard("bob") == TEXTS, cuts
            for person, peer in [(alice, "bob"), (bob, "alice")]:
                assert all(entry.missing_before == 0 for entry in await person.lines(peer)), cuts
