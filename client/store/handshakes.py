"""Handshakes that were accepted, kept as long as the prekeys that could open them again.

Without this memory a recorded first message could be replayed once its session
is gone: a last-resort prekey opens it a second time.

Spec: docs/protocol.md#handshake, docs/formats.md#handshakes
"""

from typing import Final

from client.store.transaction import Transaction

TABLE: Final = (
    """
    CREATE TABLE handshakes (
        transcript_hash BLOB PRIMARY KEY CHECK (length(transcript_hash) = 32),
        signed_prekey_id INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX handshakes_of_prekey ON handshakes (signed_prekey_id)",
)


def was_accepted(tx: Transaction, transcript_hash: bytes) -> bool:
    """Tell whether the handshake with this transcript opened a session before."""
    found = tx.value("SELECT 1 FROM handshakes WHERE transcript_hash = ?", (transcript_hash,))
    return found is not None


def remember(tx: Transaction, transcript_hash: bytes, signed_prekey_id: int) -> None:
    """Note an accepted handshake and the signed prekey that each replay would need."""
    tx.execute("INSERT INTO handshakes VALUES (?, ?)", (transcript_hash, signed_prekey_id))


def forget(tx: Transaction, signed_prekey_id: int) -> None:
    """Forget the handshakes of a signed prekey that was deleted: none can be opened any more."""
    tx.execute("DELETE FROM handshakes WHERE signed_prekey_id = ?", (signed_prekey_id,))
