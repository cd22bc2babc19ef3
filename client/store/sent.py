"""Which message a ratchet message of ours was: what a peer's retry request is looked up in.

A row lives as long as its message may be undelivered: the receipt deletes it,
and SENT_DIGEST_LIFE_MS of the relay's time. Texts only: what is not counted
(receipts, retry requests) has no row, so nobody can ask for it again.

Spec: docs/protocol.md#retry-requests, docs/formats.md#sent
"""

from dataclasses import dataclass
from typing import Final

from client.store.transaction import Transaction, storable
from protocol.ids import MessageId, Name
from protocol.limits import SENT_DIGEST_LIFE_MS

TABLE: Final = (
    """
    CREATE TABLE sent (
        digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
        peer TEXT NOT NULL,
        identity BLOB NOT NULL CHECK (length(identity) = 32),
        message_id BLOB NOT NULL CHECK (length(message_id) = 16),
        sent_ms INTEGER NOT NULL,
        again INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX sent_of_message ON sent (message_id)",
    "CREATE INDEX sent_again ON sent (peer, sent_ms) WHERE again",
)


@dataclass(frozen=True, slots=True)
class Sent:
    """A ratchet message that left this device, and what it carried.

    Args:
        identity: the peer's, under which it was encrypted, 32 bytes.
    """

    digest: bytes
    peer: Name
    identity: bytes
    message_id: MessageId


def add(tx: Transaction, sent: Sent, now_ms: int) -> None:
    """Remember a message; one with the same id before it makes this an answer."""
    tx.execute(
        "INSERT INTO sent VALUES (?, ?, ?, ?, ?, EXISTS (SELECT 1 FROM sent WHERE message_id = ?))",
        (
            sent.digest,
            sent.peer,
            sent.identity,
            sent.message_id,
            storable(now_ms),
            sent.message_id,
        ),
    )


def find(tx: Transaction, digest: bytes) -> Sent | None:
    """Give what was sent under this digest, or None: delivered, too old, or never ours."""
    row = tx.one("SELECT digest, peer, identity, message_id FROM sent WHERE digest = ?", (digest,))
    return None if row is None else Sent(row[0], Name(row[1]), row[2], MessageId(row[3]))


def times_again(tx: Transaction, message_id: MessageId) -> int:
    """Count how often a message was encrypted anew."""
    count: int = tx.value("SELECT count(*) FROM sent WHERE message_id = ? AND again", (message_id,))
    return count


def again_since(tx: Transaction, peer: Name, since_ms: int) -> int:
    """Count what was encrypted anew for ``peer`` since a time of the relay."""
    count: int = tx.value(
        "SELECT count(*) FROM sent WHERE peer = ? AND sent_ms > ? AND again", (peer, since_ms)
    )
    return count


def forget_message(tx: Transaction, peer: Name, message_id: MessageId) -> None:
    """Forget a message that ``peer`` says it has."""
    tx.execute("DELETE FROM sent WHERE message_id = ? AND peer = ?", (message_id, peer))


def forget(tx: Transaction, peer: Name) -> None:
    """Forget all that was encrypted for ``peer``: it was for an identity no longer theirs."""
    tx.execute("DELETE FROM sent WHERE peer = ?", (peer,))


def expire(tx: Transaction, now_ms: int) -> None:
    """Forget what nobody can ask for any more."""
    tx.execute("DELETE FROM sent WHERE sent_ms < ?", (storable(now_ms) - SENT_DIGEST_LIFE_MS,))


def not_after(tx: Transaction, now_ms: int) -> None:
    """Let what is dated ahead of ``now_ms`` count from then."""
    tx.execute("UPDATE sent SET sent_ms = ?1 WHERE sent_ms > ?1", (storable(now_ms),))
