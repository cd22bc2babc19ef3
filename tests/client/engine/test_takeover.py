"""Taking over a name: at once, held back, vetoed, broken off at every point."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import trio

from client.engine.own_name import NameLost, TakeoverWaits
from client.engine.place import Place
from client.engine.takeover import HeldBack, TakenOver, take_over
from client.errors import ExitCode, LocalError, RefusedByRelay, RelayUnreachable
from client.network.address import RelayAddress
from client.network.transport import Dialed, Dialer
from client.profile.account_file import Credential
from client.profile.paths import list_home
from client.values import MessageState, TakeoverAnnounced
from protocol.ids import DeviceAddress, Name
from protocol.limits import ONE_TIME_PAIRS_COUNT, RECENTLY_ONLINE_MS, TAKEOVER_HOLD_MS
from protocol.signing import SigningKey
from server.relay import PRESENCE_INTERVAL_SECONDS
from tests.client.engine.streams import DyingStream
from tests.client.engine.world import Person, World, small_world

ALICE, BOB = Name("alice"), Name("bob")


@dataclass
class Safe:
    """Where a credential is kept; remembers every state it was in."""

    credential: Credential
    states: list[Credential] = field(default_factory=list)

    async def keep(self, credential: Credential) -> None:
        """Keep it durably."""
        await trio.lowlevel.checkpoint()
        self.credential = credential
        self.states.append(credential)


@asynccontextmanager
async def lost_device(
    tmp_path: Path, rng: random.Random, *, away_ms: int = RECENTLY_ONLINE_MS + 1
) -> AsyncIterator[tuple[World, Safe]]:
    """Give a world where alice saved her credential and was away for so long."""
    async with small_world(tmp_path / "home", rng) as world:
        async with world.person("alice") as alice:
            await alice.engine.wait_online(20)
            safe = Safe(await alice.engine.own_device.credential())
        await stay_away(world, away_ms)
        yield world, safe


async def stay_away(world: World, away_ms: int = RECENTLY_ONLINE_MS + 1) -> None:
    """Let time pass at the relay, once it has noted who was there."""
    await trio.sleep(PRESENCE_INTERVAL_SECONDS + 1)
    world.clock.advance(away_ms)


def new_home(world: World, folder: str = "new") -> Place:
    """Give a place on another machine."""
    return Place(world.home.with_name(folder), None, world.surroundings(folder))


@asynccontextmanager
async def at(world: World, place: Place) -> AsyncIterator[Person]:
    """Open alice's engine of another machine."""
    old, world.home = world.home, place.home
    try:
        async with world.engine("alice") as alice:
            yield alice
    finally:
        world.home = old


async def until(alice: Person, look: Callable[[], Awaitable[object]]) -> None:
    """Wait until something is so."""
    with trio.fail_after(600):
        async with alice.engine.events() as events:
            while not await look():
                await events.receive()


async def is_lost(alice: Person) -> bool:
    await trio.lowlevel.checkpoint()
    return isinstance(alice.engine.last_problem, NameLost)


async def go(world: World, safe: Safe, place: Place, dialer: Dialer | None = None) -> object:
    return await take_over(place, safe.credential, safe.keep, dialer=dialer or world.dial)


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
        assert list(place.home.iterdir()) == []
        with pytest.raises(RefusedByRelay, match="stale"):
            await go(world, safe, place)
        assert list(place.home.iterdir()) == []
        await stay_away(world)
        assert isinstance(await go(world, Safe(fresh), place), TakenOver)


async def test_without_an_announcement_there_is_nothing_to_object_to(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with small_world(tmp_path, rng) as world, world.person("alice") as alice:
        with pytest.raises(LocalError, match="nothing to object to"):
            await alice.engine.own_device.object()


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
        assert list(other.home.iterdir()) == []
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


# --- crash points -------------------------------------------------------------


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
                await go(world, safe, place, _cutting_dialer(world, budget))
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
            await go(world, safe, new_home(world), _cutting_dialer(world, budget))
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


def _cutting_dialer(world: World, budget: int) -> Dialer:
    async def dial(address: RelayAddress) -> Dialed:
        dialed = await world.dial(address)
        return replace(dialed, stream=DyingStream(dialed.stream, budget))

    return dial
