"""A vault's log of a record: signed entries, each naming the one before.

A client shows it: when somebody guessed, how often, what was left. A vault that
leaves an entry out, or tells two clients different stories, breaks the chain or signs
the contradiction. The first entry is the receipt of the registration.

Spec: docs/recovery.md#the-vaults-log
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from protocol.encoding import u64
from protocol.errors import BadSignature
from protocol.labels import Label
from protocol.packing import U64, Key32
from protocol.recovery.errors import BrokenLog
from protocol.recovery.event import EventKind, VaultEvent
from protocol.signing import SigningKey, sign, verify

__all__ = ["EventKind", "Happening", "LogEnd", "VaultEvent", "append", "verify_log"]

NO_DETAIL: Final = bytes(32)
NO_PREVIOUS: Final = bytes(32)


@dataclass(frozen=True, slots=True)
class Happening:
    """What an entry is to say, before it gets its place and signature."""

    kind: EventKind
    time_ms: int
    guesses: int
    detail: bytes = NO_DETAIL


@dataclass(frozen=True, slots=True)
class LogEnd:
    """Where the next entry goes."""

    sequence: U64 = 0
    previous: Key32 = NO_PREVIOUS


def append(
    end: LogEnd, record_id: bytes, happening: Happening, key: SigningKey
) -> tuple[LogEnd, VaultEvent]:
    """Sign the next entry.

    Returns:
        The log's new end, and the entry.
    """
    fields = _fields(record_id, end, happening)
    event = VaultEvent(
        end.sequence,
        happening.time_ms,
        happening.kind,
        happening.guesses,
        happening.detail,
        end.previous,
        sign(key, Label.VAULT_EVENT, *fields),
    )
    return LogEnd(end.sequence + 1, event.digest()), event


def verify_log(vault_key: bytes, record_id: bytes, events: Sequence[VaultEvent]) -> None:
    """Check a log, or any stretch of one: signatures, numbers and chain.

    Raises:
        BrokenLog: with the number of the first entry that does not fit.
    Cost: one signature an entry.
    """
    expected = LogEnd(events[0].sequence, events[0].previous) if events else LogEnd()
    for event in events:
        end = LogEnd(event.sequence, event.previous)
        begins = (event.sequence == 0) == (event.previous == NO_PREVIOUS)
        if end != expected or not begins:
            raise BrokenLog(event.sequence)
        _require_signed(vault_key, record_id, event)
        expected = LogEnd(event.sequence + 1, event.digest())


def _require_signed(vault_key: bytes, record_id: bytes, event: VaultEvent) -> None:
    happening = Happening(event.kind, event.time_ms, event.guesses, event.detail)
    fields = _fields(record_id, LogEnd(event.sequence, event.previous), happening)
    try:
        verify(vault_key, event.signature, Label.VAULT_EVENT, *fields)
    except BadSignature as error:
        raise BrokenLog(event.sequence) from error


def _fields(record_id: bytes, end: LogEnd, happening: Happening) -> tuple[bytes, ...]:
    return (
        record_id,
        u64(end.sequence),
        u64(happening.time_ms),
        bytes([happening.kind]),
        bytes([happening.guesses]),
        happening.detail,
        end.previous,
    )
