"""What a takeover is to the contacts: a changed key, and no text lost."""

import random
from pathlib import Path

import pytest

from client.engine.takeover_attempt import HeldBack, TakenOver
from protocol.ids import Name
from protocol.limits import TAKEOVER_HOLD_MS
from tests.client.engine.takeover_rig import at, go, lost_device, new_home, until
from tests.client.engine.world import Person

ALICE = Name("alice")


async def expect_nothing_before_consent(bob: Person, alice: Person, *, verified: bool) -> None:
    """Wait for the question; a verified contact's new key is not even heard before the answer."""
    await until(bob, lambda: bob.engine.trust.question(ALICE))
    assert await alice.heard("bob") == []
    assert await bob.heard("alice") == (["hello"] if verified else ["hello", "new phone"])


@pytest.mark.parametrize("verified", [True, False])
async def test_p7_a_contact_is_asked_and_what_was_said_meanwhile_arrives(
    autojump_clock: object, tmp_path: Path, rng: random.Random, verified: bool
) -> None:
    async with lost_device(tmp_path, rng, away_ms=0) as (world, safe), world.person("bob") as bob:
        async with world.engine("alice") as alice:
            await alice.say("bob", "hello")
            await alice.all_delivered("bob")
        if verified:
            await bob.engine.trust.safety_number(ALICE)
            await bob.engine.trust.verify(ALICE)
        place = new_home(world)
        assert isinstance(await go(world, safe, place), HeldBack)
        await bob.say("alice", "are you there?")
        await bob.engine.settle(60)
        world.clock.advance(TAKEOVER_HOLD_MS)
        assert isinstance(await go(world, safe, place), TakenOver)
        async with at(world, place) as alice:
            await alice.say("bob", "new phone")
            await expect_nothing_before_consent(bob, alice, verified=verified)
            await bob.engine.trust.accept(ALICE)
            assert await alice.hears("bob", 1) == ["are you there?"]
            assert await bob.hears("alice", 2) == ["hello", "new phone"]
