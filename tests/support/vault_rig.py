"""Vaults inside the test: memory streams, the test's clock, a password that was set up with them.

    async with vault_rig(tmp_path) as rig:
        answer = await rig.ask(rig.evaluate("wrong"))

Every connection is recorded as the vault's end received it.
"""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import trio
import trio.testing

from protocol.ids import Name
from protocol.packing import repacked
from protocol.recovery import oprf
from protocol.recovery.registration import Registration
from protocol.wire.messages import (
    Answer,
    Evaluate,
    GetRecordStatus,
    RecordRegistered,
    RecordStatus,
    RegisterRecord,
    Request,
    Unlock,
    VaultHello,
    VaultWelcome,
)
from server.eventlog import EventLog
from server.limits.source import HERE, Source
from server.limits.values import Limits
from server.reception import running
from server.store.sqlite.lane import Runner, inline
from server.vault.service import Vault
from server.vault.store import VaultStore
from server.vault.tolls import VAULT_LIMITS
from tests.protocol.recovery.cast import Cast, cast, stretched
from tests.support.relay_rig import FakeClock, StreamPair
from tests.support.wire_client import WireClient

T = TypeVar("T")


class RecordingStream(trio.abc.Stream):
    """A stream that keeps what came in."""

    def __init__(self, inner: trio.abc.Stream, received: bytearray) -> None:
        self._inner = inner
        self._received = received

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await self._inner.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._inner.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        data = await self._inner.receive_some(max_bytes)
        self._received += data
        return data

    async def aclose(self) -> None:
        await self._inner.aclose()


@dataclass
class VaultRig:
    """A running vault of the party, by default the first, and ways to reach it."""

    vault: Vault
    store: VaultStore
    clock: FakeClock
    nursery: trio.Nursery
    party: Cast
    index: int
    lines: list[str] = field(default_factory=list)
    received: bytearray = field(default_factory=bytearray)

    @property
    def registration(self) -> Registration:
        """What the vault gets at set-up."""
        return self.party.made.registrations[self.index - 1]

    @property
    def record_id(self) -> bytes:
        """Under which id."""
        return self.registration.record_id

    def connect(
        self,
        pair: Callable[[], StreamPair] = trio.testing.memory_stream_pair,
        source: Source = HERE,
    ) -> WireClient:
        """Open a connection."""
        ours, theirs = pair()
        stream = RecordingStream(theirs, self.received)
        self.nursery.start_soon(self.vault.attend, stream, source)
        return WireClient(ours)

    async def greeted(
        self,
        pair: Callable[[], StreamPair] = trio.testing.memory_stream_pair,
        source: Source = HERE,
    ) -> WireClient:
        """Open a connection and say hello."""
        client = self.connect(pair, source)
        await client.ask_for(VaultWelcome, VaultHello(1, 1))
        return client

    async def ask(self, request: Request) -> Answer:
        """Ask on a connection of its own."""
        client = await self.greeted()
        answer = await client.ask(request)
        await client.aclose()
        return answer

    async def ask_for(self, kind: type[T], request: Request) -> T:
        """Ask on a connection of its own, for an answer of ``kind``."""
        answer = await self.ask(request)
        assert isinstance(answer, kind), answer
        return answer

    async def register(self) -> RecordRegistered:
        """Register the party's share for this vault."""
        return await self.ask_for(RecordRegistered, self.registering())

    def registering(self) -> RegisterRecord:
        """Give the request to register."""
        return repacked(RegisterRecord, self.registration)

    def evaluate(self, password: str = "wrong") -> Evaluate:
        """Give a guess."""
        blinded = oprf.blind(stretched(password), self.party.draw)
        return Evaluate(self.record_id, blinded.element.encoding)

    def unlock(self) -> Unlock:
        """Give the right tag."""
        return Unlock(self.record_id, self.registration.tag.expose())

    async def left(self) -> int:
        """Ask how many guesses are left."""
        return (await self.ask_for(RecordStatus, GetRecordStatus(self.record_id))).guesses_left

    def events(self, name: str) -> list[dict[str, Any]]:
        """Give the log's events of one kind."""
        return [event for event in map(json.loads, self.lines) if event["event"] == name]


@dataclass(frozen=True)
class Setting:
    """Where a rig's vault keeps its records, and what it grants."""

    folder: Path
    run: Runner = inline
    vfs: str | None = None
    limits: Limits = VAULT_LIMITS
    clock: FakeClock = field(default_factory=FakeClock)
    index: int = 1


@asynccontextmanager
async def vault_rig(setting: Setting | Path, party: Cast | None = None) -> AsyncIterator[VaultRig]:
    """Run a vault over a database in a folder, with the key of the party's vault of that index."""
    where = setting if isinstance(setting, Setting) else Setting(setting)
    party = party or cast("rig")
    fake = party.vaults[where.index]
    lines: list[str] = []
    store = await VaultStore.open(where.folder / "vault.db", where.run, where.vfs)
    vault = Vault(
        store,
        Name(fake.name),
        fake.key,
        now_ms=where.clock,
        random_bytes=party.draw,
        log=EventLog(where.clock, lines.append),
        limits=where.limits,
    )
    async with trio.open_nursery() as nursery, running(vault):
        yield VaultRig(vault, store, where.clock, nursery, party, where.index, lines)
    await store.close()
    assert "crashed" not in "".join(lines), lines
