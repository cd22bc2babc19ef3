"""The prekey shelf under counts that are old, or wrong: no pair on it loses its private half."""

import random
from pathlib import Path

import pytest
import trio

from client.engine import follower
from client.profile.opening import open_profile
from client.store.prekeys import PrekeyKind
from client.store.transaction import Transaction
from protocol.ids import DeviceAddress, FetchId, Name
from protocol.limits import MAX_ONE_TIME_PAIRS, ONE_TIME_PAIRS_LOW, PREKEY_ROTATION_MS
from tests.client.engine.world import World, small_world

BOB = DeviceAddress(Name("bob"))


@pytest.fixture
def rare_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at the database now and then only: hours pass in these tests."""
    monkeypatch.setattr(follower, "POLL_INTERVAL_S", 10.0)


async def say_low(world: World, count: int) -> None:
    """Let the relay push a count, true or not."""
    assert world._relay is not None
    world._relay._services.subscriptions.prekeys_low(BOB, count)
    await trio.sleep(5)


async def take_pair(world: World) -> int | None:
    """Fetch a bundle of bob as a stranger; give the id of its one-time pair, if it has one."""
    taken = await world.store.take_bundle(BOB, FetchId(world.rng.randbytes(16)))
    return taken.bundle.kem.key_id if taken.took_pair else None


async def empty_shelf(world: World) -> set[int]:
    """Fetch all that is on the shelf."""
    ids = set()
    while (key_id := await take_pair(world)) is not None:
        ids.add(key_id)
    return ids


async def private_ids(world: World) -> set[int]:
    def read(tx: Transaction) -> set[int]:
        rows = tx.all("SELECT key_id FROM prekeys WHERE kind = ?", (PrekeyKind.ONE_TIME,))
        return {key_id for (key_id,) in rows}

    around = world.surroundings("look")
    async with open_profile(world.home, BOB.name, None, around) as profile:
        return await profile.database.read(read)


async def test_a_full_shelf_keeps_its_private_halves_whatever_counts_are_pushed(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with small_world(tmp_path, rng) as world, world.person("bob") as bob:
        await bob.engine.wait_online(20)
        await trio.sleep(5)
        for _ in range(14):
            await say_low(world, ONE_TIME_PAIRS_LOW - 3)
        assert await world.store.count_one_time_pairs(BOB) <= MAX_ONE_TIME_PAIRS
        kept = await private_ids(world)
        assert await empty_shelf(world) <= kept


async def test_a_full_shelf_keeps_no_other_key_from_being_replaced(
    autojump_clock: object, tmp_path: Path, rng: random.Random, rare_polls: None
) -> None:
    async with small_world(tmp_path, rng) as world, world.person("bob") as bob:
        await bob.engine.wait_online(20)
        await trio.sleep(5)
        before = (await world.store.sealing_key(BOB)).sealing_key.key_id
        await say_low(world, 17)
        world.clock.advance(PREKEY_ROTATION_MS)
        await trio.sleep(700)  # the relay's clock is noted
        await say_low(world, 17)
        assert (await world.store.sealing_key(BOB)).sealing_key.key_id == before + 1


async def test_a_refused_upload_leaves_no_private_halves(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with small_world(tmp_path, rng) as world, world.person("bob") as bob:
        await bob.engine.wait_online(20)
        await trio.sleep(5)
        for _ in range(3):
            await say_low(world, 17)
        kept = await private_ids(world)
        assert kept == await empty_shelf(world)
