"""A vault's decisions on what the owner asks beside guesses: heads, deletion, possession.

Spec: docs/recovery.md#the-vault
"""

from dataclasses import replace
from hashlib import sha256

from protocol.errors import BadSignature
from protocol.randomness import RandomBytes
from protocol.recovery import owner
from protocol.recovery.decision import Decision, known, live, logged, owned
from protocol.recovery.dleq import Proof
from protocol.recovery.errors import VaultRefusal, VaultRefuses
from protocol.recovery.events import EventKind, Happening
from protocol.recovery.owner import Deletion, HeadPlacement
from protocol.recovery.possession import PossessionQuestion, prove_possession
from protocol.recovery.vault_record import VaultRecord, VaultState
from protocol.signing import SigningKey, public_key_of


def place_head(
    stored: VaultRecord | None, placed: HeadPlacement, now_ms: int, key: SigningKey
) -> Decision:
    """Keep a newer head; also when the share is erased: the digits still open the backup.

    Raises:
        VaultRefuses: UNKNOWN_RECORD, DELETED, BAD_STATEMENT, or STALE_HEAD.
    """
    record = owned(stored)
    try:
        owner.verify_head(record.owner_key, public_key_of(key), placed)
    except BadSignature as error:
        raise VaultRefuses(VaultRefusal.BAD_STATEMENT) from error
    if (placed.epoch, placed.head) == (record.epoch, record.head):
        return Decision(record)
    if placed.epoch <= record.epoch:
        raise VaultRefuses(VaultRefusal.STALE_HEAD)
    newer = replace(record, epoch=placed.epoch, head=placed.head)
    detail = sha256(placed.head).digest()
    return logged(newer, Happening(EventKind.HEAD_PLACED, now_ms, record.guesses, detail), key)


def placed_head(stored: VaultRecord | None) -> tuple[int, bytes]:
    """Give the head that was placed last and its epoch; ``(0, b"")`` if there is none.

    Raises:
        VaultRefuses: UNKNOWN_RECORD or DELETED.
    """
    record = owned(stored)
    return record.epoch, record.head


def delete(
    stored: VaultRecord | None, deletion: Deletion, now_ms: int, key: SigningKey
) -> Decision:
    """Forget a record for good.

    Raises:
        VaultRefuses: UNKNOWN_RECORD or BAD_STATEMENT.
    """
    record = known(stored)
    try:
        owner.verify_deletion(record.owner_key, public_key_of(key), deletion)
    except BadSignature as error:
        raise VaultRefuses(VaultRefusal.BAD_STATEMENT) from error
    if record.state is VaultState.DELETED:
        return Decision(record)
    empty = replace(record, state=VaultState.DELETED, share=None, tag=None, head=b"")
    return logged(empty, Happening(EventKind.DELETED, now_ms, record.guesses), key)


def show_possession(
    stored: VaultRecord | None, nonce: bytes, vault_key: bytes, random_bytes: RandomBytes
) -> Proof:
    """Prove that the share is here, for a nonce of 32 bytes.

    Raises:
        VaultRefuses: there is no live record.
    """
    record, share = live(stored)
    question = PossessionQuestion(vault_key, record.record_id, nonce)
    return prove_possession(share, question, random_bytes)
