"""Prekeys are refilled and rotated; clocks that jump delete nothing."""

import random
from pathlib import Path

import pytest
import trio

from client.engine import follower
from client.profile.opening import open_profile
from client.store import prekeys, settings
from client.store.prekeys import PrekeyKind
from client.store.transaction import Transaction
from protocol.ids import DeviceAddress, FetchId, Name
from protocol.limits import (
    ONE_TIME_PAIRS_COUNT,
    ONE_TIME_PAIRS_LOW,
    OUTBOX_LIFE_MS,
    PREKEY_ROTATION_MS,
    RETIRED_PREKEY_LIFE_MS,
)
from protocol.records import Account
from tests.client.engine.world import World, small_world
from tests.support.wire_client import Person

BOB = DeviceAddress(Name("bob"))


@pytest.fixture
def rare_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at the database now and then only: hours pass in these tests."""
    monkeypatch.setattr(follower, "POLL_INTERVAL_S", 10.0)


def asleep(rng: random.Random) -> Account:
    """Give an account that has not uploaded any keys."""
    return Person.called("carol", rng).account


async def drain_shelf(world: World, left: int) -> None:
    """Let strangers fetch bundles of bob until ``left`` one-time pairs remain."""
    while await world.store.count_one_time_pairs(BOB) > left:
        await world.store.take_bundle(BOB, FetchId(world.rng.randbytes(16)))


async def test_a_low_shelf_is_refilled_at_login(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with small_world(tmp_path, rng) as world:
        await world.register("bob")
        await drain_shelf(world, ONE_TIME_PAIRS_LOW - 1)
        async with world.engine("bob", receive=False) as sender:
            await sender.engine.wait_online(20)
            await trio.sleep(5)
            assert await world.store.count_one_time_pairs(BOB) == ONE_TIME_PAIRS_LOW - 1
        async with world.engine("bob") as bob:
            await bob.engine.wait_online(20)
            await trio.sleep(5)
            assert await world.store.count_one_time_pairs(BOB) == ONE_TIME_PAIRS_COUNT


async def test_a_low_shelf_is_refilled_when_the_relay_says_so(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with (
        small_world(tmp_path, rng) as world,
        world.person("bob") as bob,
        world.person("alice") as alice,
    ):
        await bob.engine.wait_online(20)
        await trio.sleep(5)
        await drain_shelf(world, ONE_TIME_PAIRS_LOW)
        await alice.say("bob", "one more bundle")
        assert await bob.hears("alice", 1) == ["one more bundle"]
        await trio.sleep(5)
        assert await world.store.count_one_time_pairs(BOB) == ONE_TIME_PAIRS_COUNT


async def test_medium_lived_keys_rotate_during_a_long_connection(
    autojump_clock: object, tmp_path: Path, rng: random.Random, rare_polls: None
) -> None:
    async with small_world(tmp_path, rng) as world, world.person("bob") as bob:
        await bob.engine.wait_online(20)
        before = (await world.store.sealing_key(BOB)).sealing_key.key_id
        world.clock.advance(PREKEY_ROTATION_MS)
        await trio.sleep(3_700)
        assert (await world.store.sealing_key(BOB)).sealing_key.key_id == before + 1


async def test_retired_keys_die_during_a_long_connection(
    autojump_clock: object, tmp_path: Path, rng: random.Random, rare_polls: None
) -> None:
    async with small_world(tmp_path, rng) as world, world.person("bob") as bob:
        await bob.engine.wait_online(20)
        first = (await world.store.sealing_key(BOB)).sealing_key.key_id
        for age_ms in (PREKEY_ROTATION_MS, RETIRED_PREKEY_LIFE_MS + 1):
            world.clock.advance(age_ms)
            await trio.sleep(4_400)  # the relay's clock is noted, and an hour is over
        around = world.surroundings("look")
        async with open_profile(tmp_path, BOB.name, None, around) as profile:
            private = await profile.database.read(
                lambda tx: prekeys.private_half(tx, PrekeyKind.SEALING, first)
            )
        assert private is None


async def test_what_is_old_when_the_connection_begins_is_tried_all_the_same(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with small_world(tmp_path, rng) as world, world.person("bob") as bob:
        await world.register("alice")
        await world.kill_relay()
        async with world.engine("alice") as alice:
            await alice.say("bob", "kept for long")
        world.clock.advance(OUTBOX_LIFE_MS + 3_600_000)
        await world.start_relay()
        async with world.engine("alice"):
            assert await bob.hears("alice", 1) == ["kept for long"]


async def test_what_waits_for_keys_in_vain_is_given_up_during_a_long_connection(
    autojump_clock: object, tmp_path: Path, rng: random.Random, rare_polls: None
) -> None:
    async with small_world(tmp_path, rng) as world, world.person("alice") as alice:
        await world.store.register(asleep(rng))
        message_id = await alice.engine.send_text(Name("carol"), "are you there?")
        await trio.sleep(60)
        world.clock.advance(OUTBOX_LIFE_MS + 3_600_000)
        await trio.sleep(4_400)
        entry = await alice.engine.entry(Name("carol"), message_id)
        assert entry is not None
        assert "30 days" in entry.failure


async def test_the_relays_clock_is_noted_even_if_it_goes_back(
    autojump_clock: object, tmp_path: Path, rng: random.Random, rare_polls: None
) -> None:
    async with small_world(tmp_path, rng) as world, world.person("bob") as bob:
        await bob.engine.wait_online(20)
        world.clock.advance(-24 * 3_600_000)
        await trio.sleep(1_200)
        now_ms = world.clock()
        async with open_profile(tmp_path, BOB.name, None, world.surroundings("look")) as profile:
            noted_ms = await profile.database.read(settings.relay_clock_ms)
        assert now_ms - 700_000 <= noted_ms <= now_ms


async def test_a_local_clock_that_jumps_deletes_no_key(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    def count(tx: Transaction) -> int:
        return sum(prekeys.count(tx, kind) for kind in PrekeyKind)

    async with small_world(tmp_path, rng) as world, world.person("alice") as alice:
        await world.register("bob")
        await alice.say("bob", "sealed to today's keys")
        await alice.engine.settle(60)
        years_ms = 10 * 365 * 24 * 3_600_000
        world.local_clock_offset_ms = years_ms
        async with world.engine("bob") as bob:
            assert await bob.hears("alice", 1) == ["sealed to today's keys"]
            await bob.say("alice", "from the future")
            assert await alice.hears("bob", 1) == ["from the future"]
            await bob.all_delivered("alice")
        async with open_profile(tmp_path, BOB.name, None, world.surroundings("look")) as profile:
            assert await profile.database.read(count) >= ONE_TIME_PAIRS_COUNT
