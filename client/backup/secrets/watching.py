"""What the vaults say of a password's records: tries left, newest head, and every guess so far.

Spends nothing. A log is checked as far as it goes: signatures and chain
(:mod:`protocol.recovery.events`); a vault whose log breaks is shown as a problem.

Spec: docs/recovery.md#the-vaults-log
"""

from collections.abc import Sequence
from dataclasses import dataclass

from client.backup.secrets.failures import Guarding
from client.backup.secrets.guessing import guards_of
from client.backup.secrets.party import Party, VaultDialer, VaultLine, gathered
from client.errors import UserError
from protocol.recovery.event import EventKind, VaultEvent
from protocol.recovery.record import PasswordRecord


@dataclass(frozen=True, slots=True)
class Watch:
    """One vault's word.

    Args:
        epoch: of the head that it has; 0 for none, None if it did not say.
        guesses_ms: when somebody guessed, as far as its log is kept; it may have been the owner.
        problem: why it did not say, or what is wrong with its log; None if all is well.
    """

    guarding: Guarding
    epoch: int | None
    guesses_ms: tuple[int, ...]
    problem: UserError | None


async def watch(record: PasswordRecord, connect: VaultDialer) -> list[Watch]:
    """Ask all vaults, in the record's order; who does not answer is a problem in its place."""
    async with gathered([part.vault for part in record.parts], connect) as party:
        guards = await guards_of(record, party, None)
        words = await _words(record, party)
    return [_watch(guards[index], words[index]) for index in sorted(guards)]


async def _words(
    record: PasswordRecord, party: Party
) -> dict[int, tuple[int, Sequence[VaultEvent]] | UserError]:
    async def ask(index: int, line: VaultLine) -> tuple[int, Sequence[VaultEvent]]:
        record_id = record.part(index).record_id
        epoch, _ = await line.head(record_id)
        return epoch, await line.events(record_id)

    return await party.ask_all(ask)


def _watch(guarding: Guarding, words: tuple[int, Sequence[VaultEvent]] | UserError) -> Watch:
    if isinstance(words, UserError):
        return Watch(guarding, None, (), words)
    epoch, events = words
    guesses = tuple(event.time_ms for event in events if event.kind is EventKind.GUESSED)
    return Watch(guarding, epoch, guesses, guarding.problem)
