"""What every decision of a vault gives, and what each begins with: is there such a record?

Spec: docs/recovery.md#the-vault
"""

from dataclasses import dataclass, replace

from protocol.recovery.errors import VaultRefusal, VaultRefuses
from protocol.recovery.events import Happening, VaultEvent, append
from protocol.recovery.scalar import KeyShare
from protocol.recovery.vault_record import VaultRecord, VaultState
from protocol.signing import SigningKey


@dataclass(frozen=True, slots=True)
class Decision:
    """What to store, in one transaction: the record, and entries of its log, if any."""

    record: VaultRecord
    events: tuple[VaultEvent, ...] = ()


def known(stored: VaultRecord | None) -> VaultRecord:
    """Give the record, or its tombstone.

    Raises:
        VaultRefuses: UNKNOWN_RECORD.
    """
    if stored is None:
        raise VaultRefuses(VaultRefusal.UNKNOWN_RECORD)
    return stored


def owned(stored: VaultRecord | None) -> VaultRecord:
    """Give the record unless its owner gave it up.

    Raises:
        VaultRefuses: UNKNOWN_RECORD or DELETED.
    """
    record = known(stored)
    if record.state is VaultState.DELETED:
        raise VaultRefuses(VaultRefusal.DELETED)
    return record


def live(stored: VaultRecord | None) -> tuple[VaultRecord, KeyShare]:
    """Give the record and its share.

    Raises:
        VaultRefuses: UNKNOWN_RECORD, DELETED or EXHAUSTED.
    """
    record = owned(stored)
    if record.share is None:
        raise VaultRefuses(VaultRefusal.EXHAUSTED)
    return record, record.share


def logged(record: VaultRecord, happening: Happening, key: SigningKey) -> Decision:
    """Give the record with one more entry in its log, and that entry."""
    end, event = append(record.log_end, record.record_id, happening, key)
    return Decision(replace(record, log_end=end), (event,))
