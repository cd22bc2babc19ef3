"""Vaults inside the test, as a connection reaches them; each may be down, silent or lying."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TypeVar

import trio

from client.network.refusals import RelayRefusal
from client.network.vault_errors import RefusedByVault, VaultUnreachable
from protocol.recovery import upkeep, vault
from protocol.recovery.errors import VaultRefuses
from protocol.recovery.evaluation import EvaluationAnswer, EvaluationRequest, UnlockRequest
from protocol.recovery.event import VaultEvent
from protocol.recovery.owner import Deletion, HeadPlacement
from protocol.recovery.record import Vault
from protocol.recovery.registration import Registration
from protocol.recovery.vault import VaultStatus
from protocol.recovery.vault_record import VaultRecord, VaultState
from protocol.signing import SigningKey
from protocol.wire.messages import GetHead, Refused
from tests.protocol.recovery.cast import FakeVault, Killed
from tests.support.randomness import SeededBytes

T = TypeVar("T")


@dataclass
class Line:
    """A connection to a fake vault, which decides as real ones do."""

    held: FakeVault
    lies: bool
    lasting: Callable[[], bool]

    async def register(self, registration: Registration) -> VaultEvent:
        return await self._changed(lambda: self.held.register(registration))

    async def status(self, record_id: bytes) -> VaultStatus:
        return await self._asked(
            lambda: vault.status(self.held.stored(record_id), self.held.now_ms)
        )

    async def evaluate(self, request: EvaluationRequest) -> EvaluationAnswer:
        answer = await self._asked(lambda: self.held.evaluate(request))
        return replace(answer, element=request.element) if self.lies else answer

    async def unlock(self, request: UnlockRequest) -> None:
        await self._changed(lambda: self.held.unlock(request))

    async def place_head(self, placed: HeadPlacement) -> None:
        await self._changed(lambda: self.held.place_head(placed))

    async def head(self, record_id: bytes) -> tuple[int, bytes]:
        return await self._asked(lambda: upkeep.placed_head(self.held.stored(record_id)))

    async def delete(self, deletion: Deletion) -> None:
        await self._changed(lambda: self.held.delete(deletion))

    async def events(self, record_id: bytes) -> list[VaultEvent]:
        await trio.lowlevel.checkpoint()
        return [each for each in self.held.log if self.held.stored(record_id) is not None]

    async def _changed(self, call: Callable[[], T]) -> T:
        dies = self.lasting()
        answer = await self._asked(call)
        if dies:
            raise Killed
        return answer

    async def _asked(self, call: Callable[[], T]) -> T:
        await trio.lowlevel.checkpoint()
        try:
            return call()
        except VaultRefuses as error:
            answer = Refused(error.reason + 32, error.retry_after_ms)
            refusal = RelayRefusal(GetHead(bytes(16)), answer)
            raise RefusedByVault(self.held.place, refusal) from error


@dataclass
class Operators:
    """All vaults there are, and the state of the way to each.

    Args:
        lasting: called before and after each call that changes a vault; it may raise.
    """

    held: dict[str, FakeVault]
    lasting: Callable[[], bool] = lambda: False
    down: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    liars: set[str] = field(default_factory=set)

    @property
    def places(self) -> tuple[Vault, ...]:
        return tuple(each.place for each in self.held.values())

    @asynccontextmanager
    async def connect(self, wanted: Vault) -> AsyncIterator[Line]:
        await trio.lowlevel.checkpoint()
        if wanted.name in self.silent:
            await trio.sleep_forever()
        if wanted.name in self.down:
            raise VaultUnreachable(wanted, "Nothing answers there.")
        yield Line(self.held[wanted.name], wanted.name in self.liars, self.lasting)

    def copy(self) -> "Operators":
        """Give the same vaults once more."""
        held = {
            name: replace(each, disk=dict(each.disk), log=[*each.log], received=[*each.received])
            for name, each in self.held.items()
        }
        return Operators(held)

    def states(self) -> list[VaultState]:
        """Give the state of every record that any vault has."""
        return [
            VaultRecord.decode(data).state
            for each in self.held.values()
            for data in each.disk.values()
        ]


def operators(draw: SeededBytes, *names: str) -> Operators:
    """Give vaults of these names."""
    held = {name: FakeVault(name, draw, SigningKey(draw(32))) for name in names}
    return Operators(held)
