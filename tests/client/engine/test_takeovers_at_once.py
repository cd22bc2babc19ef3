"""Two takeovers of one name at once: in one folder of profiles, and in two."""

import random
from contextlib import suppress
from pathlib import Path

import pytest
import trio

from client.engine.place import Place
from client.engine.takeover import take_over
from client.engine.takeover_attempt import TakenOver
from client.errors import LocalError, RefusedByRelay, RelayUnreachable
from client.profile.account_file import Credential
from tests.client.engine.takeover_rig import (
    ALICE,
    Safe,
    at,
    cutting_dialer,
    go,
    left_in,
    lost_device,
    new_home,
)
from tests.client.engine.world import World


async def begin(world: World, safe: Safe, place: Place) -> None:
    """Break a takeover off as soon as the profile waits: the relay has not heard of it."""
    for budget in range(100, 1_500, 50):
        if place.has(ALICE):
            return
        with suppress(RelayUnreachable):
            await go(world, safe, place, cutting_dialer(world, budget))
    raise AssertionError("it went through")


class Slow:
    """Keeps a credential when it may; by then the relay has been looked at."""

    def __init__(self, safe: Safe) -> None:
        self._safe = safe
        self.asked, self.may = trio.Event(), trio.Event()

    async def keep(self, credential: Credential) -> None:
        """Keep it, some time."""
        self.asked.set()
        await self.may.wait()
        await self._safe.keep(credential)


async def test_in_one_folder_the_second_is_turned_away_and_the_first_keeps_its_profile(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with lost_device(tmp_path, rng) as (world, safe):
        place, before, slow = new_home(world), safe.credential, Slow(safe)
        await begin(world, safe, place)
        done: list[object] = []

        async def first() -> None:
            # This process has read the file before its second key was in it.
            done.append(await take_over(place, before, slow.keep, dialer=world.dial))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(first)
            await slow.asked.wait()
            with pytest.raises(LocalError, match="Another takeover is at work"):
                await go(world, safe, place)
            slow.may.set()
        assert isinstance(done[0], TakenOver)
        async with at(world, place) as alice:
            await alice.engine.wait_online(20)


async def test_what_was_looked_up_before_another_came_first_is_looked_up_again(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with lost_device(tmp_path, rng) as (world, safe):
        place, before, slow = new_home(world), safe.credential, Slow(safe)
        await begin(world, safe, place)

        async def first() -> None:
            with pytest.raises(RefusedByRelay, match="Another device has taken over"):
                await take_over(place, before, slow.keep, dialer=world.dial)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(first)
            await slow.asked.wait()
            assert isinstance(await go(world, safe, new_home(world, "third")), TakenOver)
            slow.may.set()
        assert left_in(place) == []
