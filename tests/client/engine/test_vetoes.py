"""The old device objects: told, settled, and settled again after every break."""

import random
from pathlib import Path

import pytest
import trio

from client.engine.own_device import TakeoverEnd
from client.engine.place import Place
from client.engine.takeover_attempt import HeldBack, TakenOver
from client.errors import LocalError, RefusedByRelay, RelayUnreachable
from client.values import TakeoverAnnounced
from protocol.limits import TAKEOVER_HOLD_MS
from tests.client.engine.streams import DyingStream
from tests.client.engine.takeover_rig import (
    Safe,
    go,
    left_in,
    lost_device,
    new_home,
    stay_away,
    until,
)
from tests.client.engine.world import small_world


async def test_the_old_device_is_told_and_its_veto_changes_the_account_key(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with lost_device(tmp_path, rng, away_ms=0) as (world, safe):
        place = new_home(world)
        async with world.engine("alice") as alice, alice.engine.events() as events:
            await alice.engine.wait_online(20)
            held = await go(world, safe, place)
            assert isinstance(held, HeldBack)
            announced = TakeoverAnnounced(held.identity, held.until_ms)
            with trio.fail_after(20):
                while await events.receive() != announced:
                    pass
            assert (await alice.engine.status()).takeover == announced
        async with world.engine("alice", receive=False) as alice:  # durable, and told again
            assert await alice.engine.own_device.announcement() == announced
            objection = await alice.engine.own_device.object()
            await alice.engine.own_device.wait_settled(objection, 20)
            assert (await alice.engine.status()).takeover is None
            fresh = await alice.engine.own_device.credential()
            assert fresh.key == objection.account_key
            assert fresh.generation == 2
        world.clock.advance(TAKEOVER_HOLD_MS)
        with pytest.raises(RefusedByRelay, match="objected"):
            await go(world, safe, place)
        assert left_in(place) == []
        with pytest.raises(RefusedByRelay, match="stale"):
            await go(world, safe, place)
        assert left_in(place) == []
        await stay_away(world)
        assert isinstance(await go(world, Safe(fresh), place), TakenOver)


async def test_whoever_logs_in_knows_of_a_takeover_before_asking_twice(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with lost_device(tmp_path, rng, away_ms=0) as (world, safe):
        held = await go(world, safe, new_home(world))
        assert isinstance(held, HeldBack)
        async with world.engine("alice", receive=False) as alice:
            await alice.engine.wait_online(20)
            announced = TakeoverAnnounced(held.identity, held.until_ms)
            before = trio.current_time()
            assert await alice.engine.own_device.announced_at_login(20) == announced
            assert trio.current_time() - before < 5
            assert (await alice.engine.status()).takeover == announced


async def test_whoever_waits_for_its_end_hears_of_the_veto(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with lost_device(tmp_path, rng, away_ms=0) as (world, safe):
        await go(world, safe, new_home(world))
        async with world.engine("alice", receive=False) as alice, trio.open_nursery() as nursery:
            await alice.engine.wait_online(20)
            device = alice.engine.own_device
            announced = await device.announced_at_login(20)
            assert announced is not None
            ends: list[TakeoverEnd] = []

            async def wait() -> None:
                ends.append(await device.wait_over(announced))

            nursery.start_soon(wait)
            await trio.sleep(1)
            assert ends == []
            await device.object()
            await trio.sleep(5)
            assert ends == [TakeoverEnd.VETOED]


async def test_where_nothing_is_announced_nobody_waits_for_it(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with small_world(tmp_path, rng) as world, world.person("alice") as alice:
        await alice.engine.wait_online(20)
        before = trio.current_time()
        assert await alice.engine.own_device.announced_at_login(20) is None
        assert trio.current_time() - before < 5


async def test_without_an_announcement_there_is_nothing_to_object_to(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with small_world(tmp_path, rng) as world, world.person("alice") as alice:
        with pytest.raises(LocalError, match="nothing to object to"):
            await alice.engine.own_device.object()


@pytest.mark.parametrize("budget", range(100, 1_900, 150))
async def test_p3_a_veto_broken_off_anywhere_is_settled_at_the_next_login(
    autojump_clock: object, tmp_path: Path, rng: random.Random, budget: int
) -> None:
    async with lost_device(tmp_path, rng, away_ms=0) as (world, safe):
        await go(world, safe, new_home(world))
        async with world.engine("alice", receive=False) as alice:
            await until(alice, alice.engine.own_device.announcement)
        world.wrap = lambda stream: DyingStream(stream, budget)
        async with world.engine("alice", receive=False) as alice:
            objection = await alice.engine.own_device.object()
            await trio.sleep(3)
        world.wrap = lambda stream: stream
        async with world.engine("alice", receive=False) as alice:
            await alice.engine.own_device.wait_settled(objection, 600)
            kept = await alice.engine.own_device.credential()
        assert (kept.key, kept.next_key) == (objection.account_key, None)
        await stay_away(world)
        assert isinstance(await go(world, Safe(kept), new_home(world, "third")), TakenOver)


async def test_two_processes_that_send_one_veto_keep_its_key(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with lost_device(tmp_path, rng, away_ms=0) as (world, safe):
        await go(world, safe, new_home(world))
        async with world.engine("alice", receive=False) as alice:
            await until(alice, alice.engine.own_device.announcement)
        await world.kill_relay()
        async with world.engine("alice", receive=False) as alice:
            objection = await alice.engine.own_device.object()
        await world.start_relay()
        async with (
            world.engine("alice") as alice,
            world.engine("alice", receive=False) as other,
        ):
            await alice.engine.own_device.wait_settled(objection, 600)
            await other.engine.own_device.wait_settled(objection, 600)


async def test_p3_a_file_saved_before_the_veto_was_answered_is_good_either_way(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with lost_device(tmp_path, rng, away_ms=0) as (world, safe):
        await go(world, safe, new_home(world))
        async with world.engine("alice", receive=False) as alice:
            await until(alice, alice.engine.own_device.announcement)
        await world.kill_relay()
        async with world.engine("alice", receive=False) as alice:
            objection = await alice.engine.own_device.object()
            with pytest.raises(RelayUnreachable, match="not heard the veto"):
                await alice.engine.own_device.wait_settled(objection, 5)
            saved = await alice.engine.own_device.credential()
            assert (saved.key, saved.next_key) == (safe.credential.key, objection.account_key)


async def test_a_file_saved_here_before_the_veto_was_answered_is_not_overwritten_here(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with lost_device(tmp_path, rng, away_ms=0) as (world, safe):
        await go(world, safe, new_home(world))
        async with world.engine("alice", receive=False) as alice:
            await until(alice, alice.engine.own_device.announcement)
        await world.kill_relay()
        async with world.engine("alice", receive=False) as alice:
            objection = await alice.engine.own_device.object()
            saved = Safe(await alice.engine.own_device.credential())
        await world.start_relay()
        with pytest.raises(LocalError, match="already"):  # by mistake, where the name still is
            await go(world, saved, Place(world.home, None, world.surroundings("here")))
        async with world.engine("alice", receive=False) as alice:
            await alice.engine.own_device.wait_settled(objection, 600)
        await stay_away(world)
        assert isinstance(await go(world, saved, new_home(world, "third")), TakenOver)
