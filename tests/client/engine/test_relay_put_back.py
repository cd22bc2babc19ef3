"""The relay's disk is put back to a copy from before a takeover, or before a veto."""

import copy
import random
from pathlib import Path

import pytest

from client.engine.place import Place
from client.engine.takeover_attempt import HeldBack, TakenOver
from client.errors import LocalError, RefusedByRelay
from client.store import account
from tests.client.engine.takeover_rig import (
    Safe,
    at,
    go,
    left_in,
    lost_device,
    new_home,
    stay_away,
    until,
)
from tests.client.engine.world import World


class Backup:
    """A copy of the relay's disk."""

    def __init__(self, world: World) -> None:
        self._world, self._rows = world, copy.deepcopy(vars(world.store)["_owners"])

    async def put_back(self) -> None:
        """Let the relay come back with it."""
        await self._world.kill_relay()
        vars(self._world.store)["_owners"] = self._rows
        await self._world.start_relay()


async def test_with_the_file_another_profile_takes_the_name_again(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with lost_device(tmp_path, rng) as (world, safe):
        backup, before = Backup(world), safe.credential
        assert isinstance(await go(world, safe, new_home(world)), TakenOver)
        assert safe.credential.former_key == before.key
        await backup.put_back()
        assert isinstance(await go(world, safe, new_home(world, "third")), TakenOver)
        assert safe.credential.former_key == before.key


async def test_the_profile_that_had_the_name_takes_it_again_and_is_the_same(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with lost_device(tmp_path, rng) as (world, safe):
        backup, place = Backup(world), new_home(world)
        first = await go(world, safe, place)
        await backup.put_back()
        again = await go(world, safe, place)
        assert isinstance(first, TakenOver)
        assert isinstance(again, TakenOver)
        assert again.identity == first.identity
        async with at(world, place) as alice, world.person("bob") as bob:
            await bob.say("alice", "here again")
            assert await alice.hears("bob", 1) == ["here again"]
            assert await alice.engine.own_device.credential() == safe.credential


async def test_held_back_and_vetoed_a_profile_that_had_the_name_stays(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with lost_device(tmp_path, rng) as (world, safe):
        backup, place = Backup(world), new_home(world)
        assert isinstance(await go(world, safe, place), TakenOver)
        await backup.put_back()
        async with world.engine("alice") as old:
            await old.engine.wait_online(20)
            assert isinstance(await go(world, safe, place), HeldBack)
            await until(old, old.engine.own_device.announcement)
            await old.engine.own_device.wait_settled(await old.engine.own_device.object(), 20)
        with pytest.raises(RefusedByRelay, match="objected") as caught:
            await go(world, safe, place)
        assert "can still be read" in caught.value.why
        assert left_in(place) == ["alice"]
        with pytest.raises(LocalError, match="already"):
            await go(world, safe, place)


async def test_before_a_veto_the_file_saved_after_it_is_good(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with lost_device(tmp_path, rng, away_ms=0) as (world, safe):
        backup = Backup(world)
        await go(world, safe, new_home(world))
        async with world.engine("alice", receive=False) as alice:
            await until(alice, alice.engine.own_device.announcement)
            await alice.engine.own_device.wait_settled(await alice.engine.own_device.object(), 20)
            fresh = Safe(await alice.engine.own_device.credential())
        await backup.put_back()
        await stay_away(world)
        assert isinstance(await go(world, fresh, new_home(world, "third")), TakenOver)


async def test_further_than_the_former_key_the_words_say_so(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with lost_device(tmp_path, rng) as (world, safe):
        backup = Backup(world)
        for folder in ("second", "third"):
            assert isinstance(await go(world, safe, new_home(world, folder)), TakenOver)
            await stay_away(world)
        await backup.put_back()
        with pytest.raises(RefusedByRelay, match="from before this account file"):
            await go(world, safe, new_home(world, "fourth"))


async def test_the_former_key_is_forgotten_after_its_time(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with lost_device(tmp_path, rng) as (world, safe):
        place: Place = new_home(world)
        assert isinstance(await go(world, safe, place), TakenOver)
        for passed, kept in ((account.FORMER_KEY_LIFE_MS - 60_000, True), (120_000, False)):
            world.clock.advance(passed)
            async with at(world, place) as alice:
                await alice.engine.wait_online(20)
                await alice.engine.settle(60)
                credential = await alice.engine.own_device.credential()
                assert (credential.former_key is not None) is kept
