"""What has come before: envelope ids (16 bytes) and hashes of ratchet messages (32 bytes).

The first catches an envelope that is delivered again, the second a message that
somebody sealed anew.

Spec: docs/protocol.md#skipped-keys, docs/formats.md#seen
"""

import hashlib
from typing import Final

from client.store.transaction import Transaction, storable
from protocol.ids import EnvelopeId
from protocol.limits import SEEN_ID_LIFE_MS

TABLE: Final = (
    """
    CREATE TABLE seen (
        mark BLOB PRIMARY KEY,
        arrival_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX seen_age ON seen (arrival_ms)",
)


def has_envelope(tx: Transaction, envelope_id: EnvelopeId) -> bool:
    """Tell whether the envelope with this id was dealt with."""
    return _has(tx, envelope_id)


def has_message(tx: Transaction, ratchet_message: bytes) -> bool:
    """Tell whether this ratchet message was dealt with, in whichever envelope."""
    return _has(tx, _hash(ratchet_message))


def add(tx: Transaction, envelope_id: EnvelopeId, ratchet_message: bytes, arrival_ms: int) -> None:
    """Remember both, by the relay's time of arrival."""
    for mark in (envelope_id, _hash(ratchet_message)):
        tx.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (mark, storable(arrival_ms)))


def expire(tx: Transaction, now_ms: int) -> None:
    """Forget what can come no more: SEEN_ID_LIFE_MS is longer than mail lives."""
    tx.execute("DELETE FROM seen WHERE arrival_ms < ?", (storable(now_ms) - SEEN_ID_LIFE_MS,))


def not_after(tx: Transaction, now_ms: int) -> None:
    """Let marks that are dated ahead of ``now_ms`` count from then."""
    tx.execute("UPDATE seen SET arrival_ms = ?1 WHERE arrival_ms > ?1", (storable(now_ms),))


def _has(tx: Transaction, mark: bytes) -> bool:
    return tx.value("SELECT 1 FROM seen WHERE mark = ?", (mark,)) is not None


def _hash(ratchet_message: bytes) -> bytes:
    return hashlib.sha256(ratchet_message).digest()
