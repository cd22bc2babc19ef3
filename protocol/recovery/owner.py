"""What the owner of a vault's record signs: placing a head, deleting the record.

The owner's key is derived from the archive's root, so whoever opens the backup is
the owner. Statements name the vault and the record; they may be repeated, and repeat
nothing: a head is placed only over an older one, a deleted record stays deleted.

Spec: docs/recovery.md#owners-statements
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated

from protocol.encoding import u64
from protocol.labels import Label
from protocol.limits import MAX_PLACED_HEAD_BYTES
from protocol.packing import U64, Binary, Signature64
from protocol.recovery.shapes import RecordId
from protocol.signing import SigningKey, sign, verify

HeadBytes = Annotated[bytes, Binary(0, MAX_PLACED_HEAD_BYTES)]


@dataclass(frozen=True, slots=True)
class HeadPlacement:
    """Keep this head, of this epoch; to a vault it is bytes."""

    record_id: RecordId
    epoch: U64
    head: HeadBytes
    signature: Signature64


@dataclass(frozen=True, slots=True)
class Deletion:
    """Forget this record's share, tag and head, and never take its id again."""

    record_id: RecordId
    signature: Signature64


def sign_head(
    owner: SigningKey, vault_key: bytes, record_id: bytes, epoch: int, head: bytes
) -> HeadPlacement:
    """Sign the placing of ``head`` at one vault."""
    fields = _head_fields(vault_key, record_id, epoch, head)
    return HeadPlacement(record_id, epoch, head, sign(owner, Label.VAULT_HEAD, *fields))


def verify_head(owner_key: bytes, vault_key: bytes, placed: HeadPlacement) -> None:
    """Check a placement at the vault of ``vault_key``.

    Raises:
        BadSignature: the record's owner did not sign it for this vault.
    """
    fields = _head_fields(vault_key, placed.record_id, placed.epoch, placed.head)
    verify(owner_key, placed.signature, Label.VAULT_HEAD, *fields)


def sign_deletion(owner: SigningKey, vault_key: bytes, record_id: bytes) -> Deletion:
    """Sign the deletion of a record at one vault."""
    return Deletion(record_id, sign(owner, Label.VAULT_DELETION, vault_key, record_id))


def verify_deletion(owner_key: bytes, vault_key: bytes, deletion: Deletion) -> None:
    """Check a deletion at the vault of ``vault_key``.

    Raises:
        BadSignature: the record's owner did not sign it for this vault.
    """
    fields = (vault_key, deletion.record_id)
    verify(owner_key, deletion.signature, Label.VAULT_DELETION, *fields)


def _head_fields(vault_key: bytes, record_id: bytes, epoch: int, head: bytes) -> tuple[bytes, ...]:
    return (vault_key, record_id, u64(epoch), sha256(head).digest())
