"""Opening the password's slot: ask how many guesses are left, spend one, tell the vaults.

                ┌─ status of all ─┐
 record ────────┤                 ├─▶ t vaults evaluate ─▶ slot opens ─▶ tags to all
                └─ Argon2id ──────┘                     └▶ does not ──▶ nothing more is sent

The decisions are those of :class:`protocol.recovery.recovering.Recovery`. Whoever calls
has shown the operators and their keys before the password was asked for.

Spec: docs/recovery.md#recovery
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import trio

from client.backup.secrets.failures import (
    Guarding,
    GuessesWasted,
    PasswordExhausted,
    TooFewVaultsAnswer,
    WrongPassword,
)
from client.backup.secrets.party import Party, VaultDialer, VaultLine, gathered
from client.errors import LocalError, UserError
from client.values import Surroundings
from protocol.archive.keyring import Keyring, open_keyring
from protocol.archive.keys import ArchiveRoot
from protocol.archive.layout import SlotKind
from protocol.archive.slot_secret import SlotSecret
from protocol.errors import WrongSlotSecret
from protocol.recovery.derived import PasswordSecret
from protocol.recovery.errors import NotEnoughMemory
from protocol.recovery.evaluation import EvaluationAnswer, EvaluationRequest
from protocol.recovery.guesses import tries_left
from protocol.recovery.oprf import OprfInput
from protocol.recovery.record import PasswordRecord, Vault
from protocol.recovery.recovering import Recovery, RecoveryState
from protocol.recovery.stretching import Password, Stretching, stretch
from protocol.recovery.vault import VaultStatus
from protocol.recovery.vault_record import VaultState


@dataclass(frozen=True, slots=True)
class Opened:
    """A password that opened its slot.

    Args:
        asked: the vaults that a guess was spent at.
        liars: those whose answers their own commitments disprove.
        untold: those that did not hear that it was right: their counts stay raised.
    """

    root: ArchiveRoot
    asked: tuple[Vault, ...]
    liars: tuple[Vault, ...]
    untold: tuple[Vault, ...]


async def open_by_password(
    keyring: Keyring,
    record: PasswordRecord,
    password: Password,
    connect: VaultDialer,
    surroundings: Surroundings,
) -> Opened:
    """Guess once, and give the root.

    Args:
        record: decoded from a slot of ``keyring``, and checked.

    Raises:
        WrongPassword: the vaults answered, and the slot did not open.
        PasswordExhausted: no guess will ever be left.
        TooFewVaultsAnswer: try later. No guess was spent.
        GuessesWasted: too few answers could be used.
        LocalError: this machine lacks the memory.
    """
    vaults = [part.vault for part in record.parts]
    async with gathered(vaults, connect) as party:
        guess = _Guess(keyring, record, party)
        stretched = await guess.prepare(password, surroundings)
        return await guess.spend(stretched, surroundings)


async def stretch_beside(
    password: Password, stretching: Stretching, surroundings: Surroundings
) -> OprfInput:
    """Stretch a password where it does not hold up the event loop.

    Raises:
        LocalError: this machine lacks the memory.
    """
    try:
        return await surroundings.run_blocking(lambda: stretch(password, stretching))
    except NotEnoughMemory as error:
        raise LocalError(
            "There is too little memory to check the password.",
            why=f"It takes {error.memory_bytes >> 20} MiB.",
            hint="Close other programs, and try again.",
        ) from None


async def guards_of(
    record: PasswordRecord, party: Party, enough: int | None
) -> dict[int, Guarding]:
    """Ask each vault how it stands towards a password. Spends nothing."""

    async def ask(index: int, line: VaultLine) -> VaultStatus:
        return await line.status(record.part(index).record_id)

    answers = await party.ask_all(ask, enough)
    return {index: _guarding(record, index, answer) for index, answer in answers.items()}


class _Guess:
    """One guess under way: what is known of the vaults, and the machine that decides."""

    def __init__(self, keyring: Keyring, record: PasswordRecord, party: Party) -> None:
        self._keyring, self._record, self._party = keyring, record, party
        self._guards: dict[int, Guarding] = {}
        self._spent: list[int] = []

    async def prepare(self, password: Password, surroundings: Surroundings) -> OprfInput:
        """Stretch the password while the vaults are asked; stop if a guess is impossible."""

        async def look() -> None:
            self._guards = await guards_of(self._record, self._party, self._record.threshold)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(look)
            stretched = await stretch_beside(password, self._record.stretching, surroundings)
        guards = [*self._guards.values()]
        if sum(each.ready for each in guards) < self._record.threshold:
            raise _impossible(guards, self._record.threshold)
        return stretched

    async def spend(self, stretched: OprfInput, surroundings: Surroundings) -> Opened:
        """Ask t vaults, combine, try the slot."""
        left = {index: each.left for index, each in self._guards.items() if each.ready}
        recovery = Recovery(self._record, left, stretched, surroundings.random_bytes)
        while requests := recovery.requests():
            async with trio.open_nursery() as nursery:
                for index, request in requests:
                    nursery.start_soon(self._evaluate, recovery, index, request)
        lied = sorted(lie.index for lie in recovery.lies)
        liars = tuple(self._record.part(index).vault for index in lied)
        if recovery.state is RecoveryState.STUCK:
            raise GuessesWasted(self._record, liars)
        root = self._opened(recovery.secret())
        if root is None:
            recovery.slot_refused()
            raise WrongPassword([*self._guards.values()], self._record.threshold)
        untold = await self._tell(recovery)
        asked = tuple(self._record.part(index).vault for index in sorted(self._spent))
        return Opened(root, asked, liars, untold)

    async def _evaluate(self, recovery: Recovery, index: int, request: EvaluationRequest) -> None:
        self._spent.append(index)
        try:
            answer: EvaluationAnswer = await self._party.ask(
                index, lambda line: line.evaluate(request)
            )
        except UserError:
            recovery.no_answer(index)
        else:
            # Known from the answer itself: after a failure nothing more is asked.
            left = min(answer.guesses_left, self._guards[index].left - 1)
            self._guards[index] = replace(self._guards[index], left=left)
            recovery.receive(index, answer)

    def _opened(self, secret: PasswordSecret) -> ArchiveRoot | None:
        try:
            return open_keyring(self._keyring, SlotKind.PASSWORD, SlotSecret.of_password(secret))
        except WrongSlotSecret:
            return None

    async def _tell(self, recovery: Recovery) -> tuple[Vault, ...]:
        """Send the tags, and give the vaults that did not take theirs."""
        tags = dict(recovery.slot_opened())

        async def unlock(index: int, line: VaultLine) -> None:
            await line.unlock(tags[index])

        answers = await self._party.ask_all(unlock, self._record.threshold)
        return tuple(
            self._party.vaults[index]
            for index, answer in answers.items()
            if isinstance(answer, UserError)
        )


def _guarding(record: PasswordRecord, index: int, answer: VaultStatus | UserError) -> Guarding:
    vault, limit = record.part(index).vault, record.limit
    if isinstance(answer, UserError):
        return Guarding(vault, 0, limit, problem=answer)
    gone = answer.state is not VaultState.LIVE
    return Guarding(vault, min(answer.guesses_left, limit), limit, answer.retry_after_ms, gone)


def _impossible(guards: Sequence[Guarding], threshold: int) -> UserError:
    """Say why no guess can be made: for good, or not now."""
    hopeful = [each.limit if each.problem else each.left for each in guards]
    if tries_left(hopeful, threshold) == 0:
        return PasswordExhausted(guards)
    return TooFewVaultsAnswer(guards, threshold)
