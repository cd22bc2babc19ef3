"""Taking over a name: at once, held back, and what leaves nothing."""

import random
from dataclasses import replace
from pathlib import Path

import pytest
import trio

from client.engine.own_name import NameLost, TakeoverWaits
from client.engine.place import Place
from client.engine.takeover import take_over
from client.engine.takeover_attempt import HeldBack, TakenOver
from client.errors import ExitCode, LocalError, RefusedByRelay, RelayUnreachable
from client.profile.paths import list_home
from client.values import MessageState
from protocol.ids import DeviceAddress, Name
from protocol.limits import ONE_TIME_PAIRS_COUNT, TAKEOVER_HOLD_MS
from protocol.signing import SigningKey
from tests.client.engine.takeover_rig import (
    ALICE,
    BOB,
    at,
    go,
    is_lost,
    left_in,
    lost_device,
    new_home,
    until,
)


async def test_a_lost_device_is_replaced_at_once(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with lost_device(tmp_path, rng) as (world, safe):
        place, before = new_home(world), safe.credential
        done = await go(world, safe, place)
        assert isinstance(done, TakenOver)
        assert done.unkept is None
        # Kept with both keys before the relay was asked, and with the new one after.
        first, last = safe.states
        assert (first.key, first.next_key is None) == (before.key, False)
        assert (last.key, last.next_key, last.generation) == (first.next_key, None, 2)
        device = DeviceAddress(ALICE)
        assert await world.store.count_one_time_pairs(device) == ONE_TIME_PAIRS_COUNT
        async with at(world, place) as alice:
            await alice.engine.wait_online(20)
            assert await alice.engine.own_device.identity() == done.identity
            assert await alice.engine.own_device.credential() == safe.credential


async def test_the_lost_device_says_so_reads_on_and_connects_no_more(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with lost_device(tmp_path, rng) as (world, safe):
        await go(world, safe, new_home(world))
        for _ in range(2):  # it is remembered
            async with world.engine("alice") as alice:
                with pytest.raises(NameLost) as caught:
                    await alice.engine.wait_online(20)
                assert caught.value.exit_code is ExitCode.REFUSED
                with pytest.raises(NameLost):
                    await alice.engine.send_text(BOB, "still here?")
                assert await alice.engine.history(BOB, 10) == []
                dialed = world.dial_count
                await trio.sleep(100)
                assert world.dial_count == dialed


async def test_a_device_that_is_online_hears_it_and_keeps_what_was_queued(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with lost_device(tmp_path, rng) as (world, safe), world.engine("alice") as alice:
        await alice.engine.wait_online(20)
        held = await go(world, safe, new_home(world))
        assert isinstance(held, HeldBack)
        message_id = await alice.engine.send_text(BOB, "nobody of that name")
        world.clock.advance(TAKEOVER_HOLD_MS)
        assert isinstance(await go(world, safe, new_home(world)), TakenOver)
        await until(alice, lambda: is_lost(alice))
        entry = await alice.engine.entry(BOB, message_id)
        assert entry is not None
        assert entry.state is not MessageState.AT_RELAY


async def test_held_back_the_profile_waits_and_the_same_call_goes_on(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with lost_device(tmp_path, rng, away_ms=0) as (world, safe):
        place, until_ms = new_home(world), world.clock() + TAKEOVER_HOLD_MS
        held = await go(world, safe, place)
        assert isinstance(held, HeldBack)
        assert held.until_ms == until_ms
        async with at(world, place) as alice:
            with pytest.raises(TakeoverWaits, match="still belongs") as caught:
                await alice.engine.wait_online(20)
            assert caught.value.exit_code is ExitCode.REFUSED
        assert await go(world, safe, place) == held
        world.clock.advance(TAKEOVER_HOLD_MS)
        done = await go(world, safe, place)
        assert isinstance(done, TakenOver)
        assert done.identity == held.identity


async def test_what_cannot_be_taken_over_leaves_nothing_here(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with lost_device(tmp_path, rng) as (world, safe):
        await world.register("bob")
        place, strange = new_home(world), replace(safe.credential, key=SigningKey(b"x" * 32))
        for credential, words in (
            (replace(safe.credential, name=Name("nobody")), "no account named nobody"),
            (replace(safe.credential, name=BOB), "somebody else's"),
            (replace(strange, generation=0), "stale"),
        ):
            with pytest.raises(RefusedByRelay, match=words):
                await take_over(place, credential, safe.keep, dialer=world.dial)
        await world.kill_relay()
        with pytest.raises(RelayUnreachable):
            await go(world, safe, place)
    assert list_home(place.home).profiles == ()
    assert safe.states == []


async def test_a_profile_of_the_name_is_left_alone(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with lost_device(tmp_path, rng) as (world, safe):
        with pytest.raises(LocalError, match="already"):
            await go(world, safe, Place(world.home, None, world.surroundings("here")))
        async with world.engine("alice") as alice:
            await alice.engine.wait_online(20)


async def test_another_device_with_the_same_file_has_to_wait_and_leaves_nothing(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with lost_device(tmp_path, rng, away_ms=0) as (world, safe):
        assert isinstance(await go(world, safe, new_home(world)), HeldBack)
        other = new_home(world, "other")
        with pytest.raises(RefusedByRelay, match="Another takeover"):
            await go(world, safe, other)
        assert left_in(other) == []
        world.clock.advance(TAKEOVER_HOLD_MS)
        assert isinstance(await go(world, safe, new_home(world)), TakenOver)


async def test_what_waits_is_not_registered_by_mistake(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with lost_device(tmp_path, rng, away_ms=0) as (world, safe):
        place = new_home(world)
        await go(world, safe, place)
        world.home = place.home
        with pytest.raises(TakeoverWaits):
            await world.register("alice")
        assert list_home(place.home).profiles == (ALICE,)
