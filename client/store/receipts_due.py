"""Messages that came and whose senders have not been told yet.

Spec: docs/client.md#receiving, docs/formats.md#receipts_due
"""

from typing import Final

from client.store.transaction import Transaction
from protocol.ids import MessageId, Name
from protocol.limits import RECEIPT_IDS_AT_ONCE

TABLE: Final = (
    """
    CREATE TABLE receipts_due (
        row_id INTEGER PRIMARY KEY,
        peer TEXT NOT NULL,
        message_id BLOB NOT NULL CHECK (length(message_id) = 16),
        UNIQUE (peer, message_id)
    ) STRICT
    """,
)


def add(tx: Transaction, peer: Name, message_id: MessageId) -> None:
    """Queue the receipt for a message of ``peer``."""
    tx.execute(
        "INSERT OR IGNORE INTO receipts_due (peer, message_id) VALUES (?, ?)", (peer, message_id)
    )


def peers(tx: Transaction) -> list[Name]:
    """Give the peers to whom receipts are due, those who wait longest first."""
    rows = tx.all("SELECT peer FROM receipts_due GROUP BY peer ORDER BY min(row_id)")
    return [Name(peer) for (peer,) in rows]


def take(tx: Transaction, peer: Name) -> tuple[MessageId, ...]:
    """Give the ids for one receipt to ``peer``, few enough for its size, and owe them no more."""
    rows = tx.all(
        "SELECT row_id, message_id FROM receipts_due WHERE peer = ? ORDER BY row_id LIMIT ?",
        (peer, RECEIPT_IDS_AT_ONCE),
    )
    for row_id, _ in rows:
        tx.execute("DELETE FROM receipts_due WHERE row_id = ?", (row_id,))
    return tuple(MessageId(message_id) for _, message_id in rows)


def forget(tx: Transaction, peer: Name) -> None:
    """Owe ``peer`` nothing: its new device did not send those messages."""
    tx.execute("DELETE FROM receipts_due WHERE peer = ?", (peer,))
