"""The vaults of one password, each on a connection of its own, asked side by side.

A vault that cannot be reached, or gives no answer in time, is an error beside the answers of
the others and stops nothing: t of n are enough. What the answers mean is decided elsewhere.

Spec: docs/recovery.md#recovery
"""

import math
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final, Protocol, TypeVar

import trio

from client.errors import ExitCode, UserError
from client.network.one_error import one_error
from protocol.recovery.evaluation import EvaluationAnswer, EvaluationRequest, UnlockRequest
from protocol.recovery.event import VaultEvent
from protocol.recovery.owner import Deletion, HeadPlacement
from protocol.recovery.record import Vault
from protocol.recovery.registration import Registration
from protocol.recovery.vault import VaultStatus

T = TypeVar("T")

ANSWER_TIMEOUT_S: Final = 20.0
"""For connecting and one answer: a vault on another continent, with a slow disk."""

STRAGGLER_TIMEOUT_S: Final = 2.0
"""How long the others are waited for when enough have answered."""

CLOSING_TIMEOUT_S: Final = 1.0


class VaultLine(Protocol):
    """One vault that has shown its key. Each call raises a UserError when it fails."""

    async def register(self, registration: Registration) -> VaultEvent:
        """Register a record; give the receipt, which was checked."""

    async def status(self, record_id: bytes) -> VaultStatus:
        """Tell how a record stands."""

    async def evaluate(self, request: EvaluationRequest) -> EvaluationAnswer:
        """Spend a guess."""

    async def unlock(self, request: UnlockRequest) -> None:
        """Tell that the last guess was right."""

    async def place_head(self, placed: HeadPlacement) -> None:
        """Place a head."""

    async def head(self, record_id: bytes) -> tuple[int, bytes]:
        """Give the epoch and the bytes of the head that was placed last."""

    async def delete(self, deletion: Deletion) -> None:
        """Delete a record."""

    async def events(self, record_id: bytes) -> list[VaultEvent]:
        """Give the log that is kept, which was checked."""


VaultDialer = Callable[[Vault], AbstractAsyncContextManager[VaultLine]]
"""Connects to a vault for a block; raises a UserError if it cannot be, or shows another key."""


class NoAnswer(UserError):
    """A vault was connected to, or not even that, and did not answer in time."""

    exit_code = ExitCode.UNREACHABLE

    def __init__(self, vault: Vault) -> None:
        super().__init__(
            f"The vault {vault.name} at {vault.address} did not answer in time.",
            hint="Try again later.",
        )


class Party:
    """Vaults by their index, from 1; made by :func:`gathered`."""

    def __init__(self, vaults: Sequence[Vault]) -> None:
        self.vaults = dict(enumerate(vaults, 1))
        self._lines: dict[int, VaultLine] = {}
        self._failures: dict[int, UserError] = {}
        self._met = {index: trio.Event() for index in self.vaults}
        self._meeting = {index: trio.CancelScope() for index in self.vaults}
        self._over = trio.Event()

    async def ask(self, index: int, call: Callable[[VaultLine], Awaitable[T]]) -> T:
        """Ask one vault, as soon as it is connected to.

        Raises:
            UserError: it cannot be reached, refuses, or does not answer in time.
        """
        with trio.move_on_after(ANSWER_TIMEOUT_S):
            await self._met[index].wait()
            if index in self._failures:
                raise self._failures[index]
            return await call(self._lines[index])
        raise NoAnswer(self.vaults[index])

    async def ask_all(
        self, call: Callable[[int, VaultLine], Awaitable[T]], enough: int | None = None
    ) -> dict[int, T | UserError]:
        """Ask all of them at once.

        Args:
            enough: so many answers end the waiting, STRAGGLER_TIMEOUT_S later; None waits for all.

        Returns:
            By index, the answer or why there is none.
        """
        wanted = len(self.vaults) if enough is None else enough
        answers: dict[int, T | UserError] = {
            index: NoAnswer(vault) for index, vault in self.vaults.items()
        }
        good = 0
        with trio.CancelScope() as waiting:

            async def ask_one(index: int) -> None:
                nonlocal good
                try:
                    answers[index] = await self.ask(index, lambda line: call(index, line))
                except UserError as error:
                    answers[index] = error
                    return
                good += 1
                if good == wanted:
                    waiting.deadline = trio.current_time() + STRAGGLER_TIMEOUT_S

            async with trio.open_nursery() as nursery:
                for index in self.vaults:
                    nursery.start_soon(ask_one, index)
        return answers

    async def attend(self, index: int, connect: VaultDialer) -> None:
        """Connect to one vault and stay so until :meth:`part`."""
        try:
            with self._meeting[index]:
                async with connect(self.vaults[index]) as line:
                    self._lines[index] = line
                    self._met[index].set()
                    await self._over.wait()
        except UserError as error:
            self._failures[index] = error
            self._met[index].set()

    def part(self) -> None:
        """Let the connections end, and give up those that have not begun."""
        self._over.set()
        for index, meeting in self._meeting.items():
            soon = trio.current_time() + CLOSING_TIMEOUT_S
            meeting.deadline = soon if self._met[index].is_set() else -math.inf


@asynccontextmanager
async def gathered(vaults: Sequence[Vault], connect: VaultDialer) -> AsyncIterator[Party]:
    """Connect to all vaults at once, for the block; nobody waits until one is asked."""
    party = Party(vaults)
    with one_error():
        async with trio.open_nursery() as nursery:
            for index in party.vaults:
                nursery.start_soon(party.attend, index, connect)
            yield party
            party.part()
