"""A small world: one real relay over memory streams, profiles in real databases, virtual time.

    async with small_world(tmp_path, rng) as world:
        async with world.person("alice") as alice, world.person("bob") as bob:
            await alice.send_text(bob.name, "hello")

The relay can be stopped, killed and started again over the same store; every connection passes
through ``world.wrap``, where a test may cut or watch it.
"""

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TypeVar

import trio
from trio.testing import memory_stream_pair

from client.engine.engine import Engine, open_engine
from client.engine.registration import register
from client.errors import RelayUnreachable
from client.network.address import RelayAddress, parse_address
from client.network.one_error import one_error
from client.network.transport import NO_RELAY_KEY, Dialed, Dialer
from client.profile.opening import open_profile
from client.values import EntryKind, HistoryEntry, MessageState, Surroundings
from protocol.ids import Name
from server.eventlog import EventLog
from server.relay import Relay, running_relay
from server.store.interface import RelayStore
from server.store.memory import MemoryStore
from tests.support.randomness import SeededBytes
from tests.support.relay_rig import FakeClock

T = TypeVar("T")

ADDRESS = parse_address("glasspost+plain://127.0.0.1:7700")

Wrap = Callable[[trio.abc.Stream], trio.abc.Stream]


async def run_inline(function: Callable[[], T]) -> T:
    """Run a blocking call here and now: virtual time does not run through it."""
    await trio.lowlevel.checkpoint()
    return function()


class World:
    """One relay and the way to it."""

    def __init__(
        self, home: Path, rng: random.Random, nursery: trio.Nursery, store: RelayStore | None
    ) -> None:
        self.home = home
        self.rng = rng
        self.clock = FakeClock()
        self.store = store or MemoryStore(self.clock)
        self.wrap: Wrap = lambda stream: stream
        self.dial_count = 0
        self.local_clock_offset_ms = 0
        self.log_lines: list[str] = []
        self._nursery = nursery
        self._relay: Relay | None = None
        self._off: trio.CancelScope | None = None

    # --- the relay ------------------------------------------------------------

    async def start_relay(self) -> None:
        """Start it, over whatever it stored before."""
        self._off = await self._nursery.start(self._run_relay)

    async def kill_relay(self) -> None:
        """Stop it in the middle of whatever it does."""
        assert self._off is not None
        self._relay = None  # from now on nobody connects
        self._off.cancel()
        await trio.testing.wait_all_tasks_blocked()

    async def drain_relay(self) -> None:
        """Stop it in good order."""
        assert self._relay is not None
        await self._relay.drain()
        await self.kill_relay()

    async def _run_relay(
        self, task_status: trio.TaskStatus[trio.CancelScope] = trio.TASK_STATUS_IGNORED
    ) -> None:
        log = EventLog(self.clock, self.log_lines.append)
        self._relay = Relay(
            self.store,
            b"R" * 32,
            tls=False,
            now_ms=self.clock,
            random_bytes=self.rng.randbytes,
            log=log,
        )
        with trio.CancelScope() as off:
            async with running_relay(self._relay), trio.open_nursery() as self._connections:
                task_status.started(off)
                await trio.sleep_forever()

    async def dial(self, address: RelayAddress) -> Dialed:
        """Open a connection, as the engine's dialer."""
        await trio.lowlevel.checkpoint()
        self.dial_count += 1
        if self._relay is None:
            raise RelayUnreachable("The relay cannot be reached.", why="The test stopped it.")
        ours, theirs = memory_stream_pair()
        self._connections.start_soon(self._relay.attend, theirs)
        return Dialed(self.wrap(ours), NO_RELAY_KEY, None, tls=False)

    # --- people ---------------------------------------------------------------

    def surroundings(self, seed: str) -> Surroundings:
        """Give a person's surroundings: the world's clock (and its offset) and a seed."""
        offset_ms = self.local_clock_offset_ms
        return Surroundings(
            lambda: self.clock() + offset_ms,
            SeededBytes(f"{self.rng.random()} {seed}"),
            run_inline,
        )

    async def register(self, name: str, dialer: Dialer | None = None) -> None:
        """Register a profile without a passphrase."""
        around = self.surroundings(name)
        await register(self.home, Name(name), ADDRESS, None, around, dialer=dialer or self.dial)

    @asynccontextmanager
    async def engine(self, name: str, *, receive: bool = True) -> AsyncIterator["Person"]:
        """Open a registered profile's engine, as a process of its own would."""
        around = self.surroundings(name)
        async with AsyncExitStack() as stack:
            profile = await stack.enter_async_context(
                open_profile(self.home, Name(name), None, around)
            )
            opened = open_engine(profile, receive=receive, surroundings=around, dialer=self.dial)
            yield Person(Name(name), await stack.enter_async_context(opened))

    @asynccontextmanager
    async def person(self, name: str) -> AsyncIterator["Person"]:
        """Register ``name`` and open its engine."""
        await self.register(name)
        async with self.engine(name) as person:
            yield person


class Person:
    """Somebody at an engine."""

    def __init__(self, name: Name, engine: Engine) -> None:
        self.name = name
        self.engine = engine

    async def say(self, peer: str, *texts: str) -> None:
        """Queue texts."""
        for text in texts:
            await self.engine.send_text(Name(peer), text)

    async def read_notices(self, peer: str) -> None:
        """See all that the client says about the key of ``peer``."""
        untold = await self.engine.untold_notices(Name(peer))
        await self.engine.mark_listened([entry.row_id for entry in untold])

    async def lines(self, peer: str) -> list[HistoryEntry]:
        """Give the texts of a conversation, without notices."""
        entries = await self.engine.history(Name(peer), 10_000)
        return [entry for entry in entries if entry.kind is not EntryKind.NOTICE]

    async def heard(self, peer: str) -> list[str]:
        """Give what ``peer`` has said."""
        return [entry.text for entry in await self.lines(peer) if not entry.outgoing]

    async def hears(self, peer: str, count: int, timeout_s: float = 600) -> list[str]:
        """Wait until ``peer`` has said ``count`` things; give them."""
        return await self._until(lambda: self.heard(peer), lambda got: len(got) >= count, timeout_s)

    async def all_delivered(self, peer: str, timeout_s: float = 600) -> None:
        """Wait until ``peer`` has confirmed everything."""

        async def open_states() -> list[MessageState]:
            mine = [entry for entry in await self.lines(peer) if entry.outgoing]
            return [entry.state for entry in mine if entry.state is not MessageState.DELIVERED]

        await self._until(open_states, lambda states: not states, timeout_s)

    async def _until(
        self, look: Callable[[], Awaitable[T]], enough: Callable[[T], bool], timeout_s: float
    ) -> T:
        with trio.fail_after(timeout_s):
            async with self.engine.events() as events:
                while not enough(seen := await look()):
                    await events.receive()
                return seen


async def at_rest(*people: Person) -> None:
    """Wait until nothing moves for a while."""
    for _ in range(3):
        for person in people:
            await person.engine.settle(60)
        await trio.sleep(1)


@asynccontextmanager
async def small_world(
    home: Path, rng: random.Random, store: RelayStore | None = None
) -> AsyncIterator[World]:
    """Give a world with its relay running."""
    with one_error():
        async with trio.open_nursery() as nursery:
            world = World(home, rng, nursery, store)
            await world.start_relay()
            yield world
            nursery.cancel_scope.cancel()
    assert "crashed" not in "".join(world.log_lines), world.log_lines
