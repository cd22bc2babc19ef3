"""A relay inside the test: memory streams, the test's clock, a log one can read.

    async with relay_rig(rng) as rig:
        alice = await rig.enter("alice")
        await alice.ask(...)

At the end the relay is drained, and the test fails if a connection crashed.
"""

import json
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import trio
import trio.testing

from protocol.limits import TAKEOVER_HOLD_MS
from server.eventlog import EventLog
from server.limits.source import HERE, Source
from server.limits.values import DEFAULT, Limits
from server.relay import Relay, running_relay
from server.store.interface import RelayStore
from server.store.memory import MemoryStore
from tests.support.wire_client import Person, WireClient

START_MS = 1_800_000_000_000

StreamPair = tuple[trio.abc.Stream, trio.abc.Stream]


class FakeClock:
    """Relay time: stands still until a test moves it on."""

    def __init__(self) -> None:
        self._moved_ms = 0

    def __call__(self) -> int:
        """Give the time in milliseconds."""
        return START_MS + self._moved_ms

    def advance(self, milliseconds: int) -> None:
        """Let relay time pass, without any timeout noticing."""
        self._moved_ms += milliseconds


@dataclass
class RelayRig:
    """A running relay and ways to reach it."""

    relay: Relay
    clock: FakeClock
    store: RelayStore
    nursery: trio.Nursery
    rng: random.Random
    lines: list[str] = field(default_factory=list)
    people: dict[str, Person] = field(default_factory=dict)

    def person(self, name: str) -> Person:
        """Give the person of that name, always the same."""
        return self.people.setdefault(name, Person.called(name, self.rng))

    def connect(
        self,
        pair: Callable[[], StreamPair] = trio.testing.memory_stream_pair,
        source: Source = HERE,
    ) -> WireClient:
        """Open a connection."""
        ours, theirs = pair()
        self.nursery.start_soon(self.relay.attend, theirs, source)
        return WireClient(ours)

    async def greeted(self, source: Source = HERE) -> WireClient:
        """Open a connection and say Hello."""
        client = self.connect(source=source)
        await client.greet()
        return client

    async def enter(self, name: str, source: Source = HERE) -> WireClient:
        """Open a connection and register, or log in again."""
        client = self.connect(source=source)
        await client.enter(self.person(name))
        return client

    async def settle(self) -> None:
        """Wait until the relay has done all it can do now."""
        await trio.testing.wait_all_tasks_blocked()

    def events(self, name: str) -> list[dict[str, Any]]:
        """Give the log's events of one kind."""
        return [event for event in map(json.loads, self.lines) if event["event"] == name]


@asynccontextmanager
async def relay_rig(
    rng: random.Random,
    store: RelayStore | None = None,
    clock: FakeClock | None = None,
    public_key: bytes = bytes(range(32)),
    limits: Limits = DEFAULT,
    takeover_hold_ms: int = TAKEOVER_HOLD_MS,
) -> AsyncIterator[RelayRig]:
    """Run a relay over ``store`` (by default in memory) without TLS."""
    clock = clock or FakeClock()
    store = store or MemoryStore(clock)
    lines: list[str] = []
    relay = Relay(
        store,
        public_key,
        tls=False,
        now_ms=clock,
        random_bytes=rng.randbytes,
        log=EventLog(clock, lines.append),
        limits=limits,
        takeover_hold_ms=takeover_hold_ms,
    )
    async with trio.open_nursery() as nursery, running_relay(relay):
        rig = RelayRig(relay, clock, store, nursery, rng, lines)
        yield rig
    assert "crashed" not in "".join(lines), lines
