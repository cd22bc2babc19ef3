"""A world in which alice has lost her device, and has saved her credential."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import trio

from client.engine.own_name import NameLost
from client.engine.place import Place
from client.engine.takeover import take_over
from client.network.address import RelayAddress
from client.network.transport import Dialed, Dialer
from client.profile.account_file import Credential
from client.profile.paths import takeover_lock
from protocol.ids import Name
from protocol.limits import RECENTLY_ONLINE_MS
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
    """Tell whether her engine has heard that the name is another device's."""
    await trio.lowlevel.checkpoint()
    return isinstance(alice.engine.last_problem, NameLost)


async def go(world: World, safe: Safe, place: Place, dialer: Dialer | None = None) -> object:
    """Run ``takeover`` there, with the file as it is now."""
    return await take_over(place, safe.credential, safe.keep, dialer=dialer or world.dial)


def cutting_dialer(world: World, budget: int) -> Dialer:
    """Give a dialer whose connections break after so many bytes."""

    async def dial(address: RelayAddress) -> Dialed:
        dialed = await world.dial(address)
        return replace(dialed, stream=DyingStream(dialed.stream, budget))

    return dial


def left_in(place: Place) -> list[str]:
    """Give the names in a folder of profiles, hidden ones as well, except that of the lock."""
    names = {each.name for each in place.home.iterdir()}
    return sorted(names - {takeover_lock(place.home).name})
