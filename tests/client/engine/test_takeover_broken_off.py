"""A takeover that breaks off, at every point, and goes on."""

import random
from contextlib import suppress
from pathlib import Path

import pytest

from client.engine.takeover import take_over
from client.engine.takeover_attempt import TakenOver
from client.errors import LocalError, RelayUnreachable
from client.profile.account_file import Credential
from tests.client.engine.takeover_rig import (
    at,
    cutting_dialer,
    go,
    lost_device,
    new_home,
    stay_away,
)


class Crash(Exception):
    """The machine is gone at this instant."""


@pytest.mark.parametrize("case", range(6))
async def test_p3_broken_off_anywhere_and_continued(
    autojump_clock: object, tmp_path: Path, rng: random.Random, case: int
) -> None:
    # Greeting, LookUp and ReplaceDevice take 1,000 bytes, the prekeys 130,000.
    budgets = [rng.randrange(1, 140_000 >> rng.randrange(9)) for _ in range(3)]
    async with lost_device(tmp_path, rng) as (world, safe):
        place = new_home(world)
        for budget in budgets:
            with suppress(RelayUnreachable):
                await go(world, safe, place, cutting_dialer(world, budget))
        assert isinstance(await go(world, safe, place), TakenOver)
        async with at(world, place) as alice, world.person("bob") as bob:
            await bob.say("alice", "welcome back")
            assert await alice.hears("bob", 1) == ["welcome back"]


@pytest.mark.parametrize("budget", range(100, 1_500, 100))
async def test_p3_the_credential_alone_is_enough_wherever_the_new_device_is_lost_too(
    autojump_clock: object, tmp_path: Path, rng: random.Random, budget: int
) -> None:
    async with lost_device(tmp_path, rng) as (world, safe):
        with suppress(RelayUnreachable):
            await go(world, safe, new_home(world), cutting_dialer(world, budget))
        await stay_away(world)
        assert isinstance(await go(world, safe, new_home(world, "third")), TakenOver)


@pytest.mark.parametrize("call", [0, 1])
async def test_p3_a_crash_at_the_credential_leaves_one_that_works(
    autojump_clock: object, tmp_path: Path, rng: random.Random, call: int
) -> None:
    async with lost_device(tmp_path, rng) as (world, safe):
        left = [call]

        async def crashing(credential: Credential) -> None:
            if not left[0]:
                raise Crash
            left[0] -= 1
            await safe.keep(credential)

        place = new_home(world)
        with pytest.raises(Crash):
            await take_over(place, safe.credential, crashing, dialer=world.dial)
        assert isinstance(await go(world, safe, place), TakenOver)
        assert safe.credential.next_key is None


async def test_a_credential_that_cannot_be_written_at_the_end_is_told_and_still_good(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with lost_device(tmp_path, rng) as (world, safe):

        async def once(credential: Credential) -> None:
            if safe.states:
                raise LocalError("The stick was pulled.")
            await safe.keep(credential)

        done = await take_over(new_home(world), safe.credential, once, dialer=world.dial)
        assert isinstance(done, TakenOver)
        assert done.unkept is not None
        await stay_away(world)
        assert isinstance(await go(world, safe, new_home(world, "third")), TakenOver)
