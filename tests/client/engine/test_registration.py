"""Registering: whole, refused and gone, or broken off and continued."""

import random
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import trio

from client.engine import moving_in
from client.engine.registration import register
from client.errors import ExitCode, LocalError, RelayUnreachable
from client.network.address import RelayAddress
from client.network.refusals import RelayRefusal
from client.network.transport import Dialed, Dialer
from client.profile.opening import open_profile
from client.profile.paths import list_home
from client.store import account
from protocol.ids import DeviceAddress, Name
from protocol.limits import ONE_TIME_PAIRS_COUNT
from tests.client.engine.streams import DyingStream
from tests.client.engine.world import ADDRESS, World, small_world

ALICE = Name("alice")


async def shelf_count(world: World, name: Name) -> int:
    return await world.store.count_one_time_pairs(DeviceAddress(name))


async def test_a_new_profile_is_registered_with_a_full_shelf(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with small_world(tmp_path, rng) as world:
        await world.register("alice")
        assert await shelf_count(world, ALICE) == ONE_TIME_PAIRS_COUNT
        async with world.engine("alice") as alice:
            await alice.engine.wait_online(20)
            status = await alice.engine.status()
        assert status.registered
        assert status.relay == ADDRESS
        assert status.one_time_key_count == ONE_TIME_PAIRS_COUNT


async def test_a_name_that_is_taken_leaves_nothing(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with small_world(tmp_path, rng) as world:
        await world.register("alice")
        home = tmp_path / "other"
        with pytest.raises(RelayRefusal) as caught:
            await register(
                home, ALICE, ADDRESS, None, world.surroundings("other"), dialer=world.dial
            )
    assert caught.value.exit_code is ExitCode.REFUSED
    assert "somebody else" in caught.value.reason.lower()
    assert list(home.iterdir()) == []


async def test_p3_a_crash_between_refusal_and_discard_blocks_nothing(
    autojump_clock: object, tmp_path: Path, rng: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise LocalError("The power is gone.")

    home = tmp_path / "other"
    async with small_world(tmp_path, rng) as world:
        await world.register("alice")

        async def try_the_name() -> None:
            around = world.surroundings("other")
            await register(home, ALICE, ADDRESS, None, around, dialer=world.dial)

        with monkeypatch.context() as patched:
            patched.setattr(moving_in, "discard_profile", crash)
            with pytest.raises(LocalError):
                await try_the_name()
        assert list_home(home).profiles == (ALICE,)
        with pytest.raises(RelayRefusal, match="refused"):
            await try_the_name()
        assert list(home.iterdir()) == []


async def test_a_registered_profile_outlives_a_refusal(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    home = tmp_path / "other"
    async with small_world(tmp_path / "first", rng) as world:
        await register(home, ALICE, ADDRESS, None, world.surroundings("other"), dialer=world.dial)
    async with small_world(tmp_path / "second", rng) as world:
        await world.register("alice")
        around = world.surroundings("other")
        with pytest.raises(RelayRefusal, match="refused"):
            await register(home, ALICE, ADDRESS, None, around, dialer=world.dial)
    assert list_home(home).profiles == (ALICE,)


async def test_without_a_relay_nothing_is_made(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with small_world(tmp_path, rng) as world:
        await world.kill_relay()
        with pytest.raises(RelayUnreachable):
            await world.register("alice")
    assert list_home(tmp_path).profiles == ()


@pytest.mark.parametrize("case", range(8))
async def test_p3_broken_off_anywhere_and_continued(
    autojump_clock: object, tmp_path: Path, rng: random.Random, case: int
) -> None:
    # Greeting and Register take 500 bytes, the prekeys 130,000.
    budgets = [rng.randrange(1, 140_000 >> rng.randrange(9)) for _ in range(4)]
    async with small_world(tmp_path, rng) as world, world.person("bob") as bob:
        for budget in budgets:
            with suppress(RelayUnreachable):
                await world.register("alice", _cutting_dialer(world, budget))
        await world.register("alice")
        assert list_home(tmp_path).profiles == (ALICE, Name("bob"))
        assert list_home(tmp_path).foreign == ()
        assert await shelf_count(world, ALICE) >= 20
        async with world.engine("alice") as alice:
            await bob.say("alice", "welcome")
            assert await alice.hears("bob", 1) == ["welcome"]


def _cutting_dialer(world: World, budget: int) -> Dialer:
    async def dial(address: RelayAddress) -> Dialed:
        dialed = await world.dial(address)
        return replace(dialed, stream=DyingStream(dialed.stream, budget))

    return dial


async def test_registering_again_keeps_the_keys(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with small_world(tmp_path, rng) as world:
        await world.register("alice")
        before = await _identity(world)
        await world.register("alice")
        assert await _identity(world) == before
        assert await shelf_count(world, ALICE) == ONE_TIME_PAIRS_COUNT


async def _identity(world: World) -> bytes:
    async with open_profile(world.home, ALICE, None, world.surroundings("look")) as profile:
        return (await profile.database.read(account.get)).device.identity.public


async def test_ctrl_c_at_any_moment_can_be_continued(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with small_world(tmp_path, rng) as world:
        for steps in range(0, 60, 3):
            with trio.CancelScope() as scope:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(world.register, "alice")
                    for _ in range(steps):
                        await trio.lowlevel.checkpoint()
                    scope.cancel()
        await world.register("alice")
        async with world.engine("alice") as alice:
            await alice.engine.wait_online(20)
    assert list_home(tmp_path).foreign == ()
