"""What has to reach the relay, byte for byte.

    AWAITING_KEYS ── keys arrived ──▶ READY ── accepted, or given up ──▶ deleted
      content                           envelope, stored before anybody sees it
          ▲                               │
          └── a person says so ── HELD_BACK ◀── its reader's key has changed
                                   content

The bytes of a READY row never change: a retry sends the same ones under the same
id. Whether it goes with our name is decided when it becomes ready: without, if we
hold the peer's token then. What may have gone with our name never goes without,
because the relay knows the id by then.

Spec: docs/client.md#sending, docs/formats.md#outbox
"""

from dataclasses import dataclass
from typing import Final

from client.store import profile_keys
from client.store.transaction import Row, Transaction
from client.values import OutboxItem, OutboxState
from protocol.ids import DeviceAddress, EnvelopeId, MessageId, Name

TABLE: Final = (
    """
    CREATE TABLE outbox (
        row_id INTEGER PRIMARY KEY AUTOINCREMENT,
        peer TEXT NOT NULL,
        device INTEGER NOT NULL,
        state INTEGER NOT NULL,
        anonymous INTEGER NOT NULL,
        envelope_id BLOB NOT NULL UNIQUE CHECK (length(envelope_id) = 16),
        message_id BLOB NOT NULL CHECK (length(message_id) = 16),
        queued_at_ms INTEGER NOT NULL,
        content BLOB NOT NULL,
        envelope BLOB NOT NULL
    ) STRICT
    """,
    "CREATE INDEX outbox_of_peer ON outbox (peer, state)",
    "CREATE INDEX outbox_of_message ON outbox (message_id)",
)

_SELECT: Final = """
    SELECT row_id, peer, device, state, envelope_id, envelope, message_id, queued_at_ms,
           anonymous
    FROM outbox
"""


@dataclass(frozen=True, slots=True)
class NewItem:
    """A row to add: with an envelope it is READY, else it waits with its content.

    Args:
        held_back: it waits for a person; else, without an envelope, for keys.
    """

    to: DeviceAddress
    envelope_id: EnvelopeId
    message_id: MessageId
    queued_at_ms: int
    content: bytes = b""
    envelope: bytes = b""
    held_back: bool = False

    @property
    def state(self) -> OutboxState:
        """What the row waits for."""
        if self.held_back:
            return OutboxState.HELD_BACK
        return OutboxState.READY if self.envelope else OutboxState.AWAITING_KEYS


@dataclass(frozen=True, slots=True)
class WaitingContent:
    """The content of a row that has no envelope."""

    row_id: int
    message_id: MessageId
    content: bytes


def is_queued(tx: Transaction, envelope_id: EnvelopeId) -> bool:
    """Tell whether a row with this envelope id has not been accepted yet."""
    found = tx.value("SELECT 1 FROM outbox WHERE envelope_id = ?", (envelope_id,))
    return found is not None


def add(tx: Transaction, item: NewItem) -> int:
    """Queue an envelope, or a content that has none yet; give the row id."""
    return tx.insert(
        "INSERT INTO outbox (peer, device, state, envelope_id, message_id, queued_at_ms, content,"
        " envelope, anonymous) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            item.to.name,
            item.to.device,
            item.state,
            item.envelope_id,
            item.message_id,
            item.queued_at_ms,
            item.content,
            item.envelope,
            profile_keys.has_token(tx, item.to.name),
        ),
    )


def make_ready(tx: Transaction, peer: Name, row_id: int, envelope: bytes) -> None:
    """Put the envelope in the place of the content, which is kept no longer here."""
    tx.execute(
        "UPDATE outbox SET state = ?, envelope = ?, anonymous = ?, content = x'' WHERE row_id = ?",
        (OutboxState.READY, envelope, profile_keys.has_token(tx, peer), row_id),
    )


def submit_with_name(tx: Transaction, peer: Name) -> None:
    """Let what is ready for ``peer`` go with our name: there is no token for it any more."""
    tx.execute("UPDATE outbox SET anonymous = 0 WHERE peer = ?", (peer,))


def ready(
    tx: Transaction, limit: int, after_row_id: int = 0, *, anonymous: bool | None = None
) -> list[OutboxItem]:
    """Give rows whose envelope may be submitted, oldest first.

    Args:
        limit: most to give.
        after_row_id: only younger rows than this one.
        anonymous: only those that go without our name (True), or with it (False).
    """
    rows = tx.all(
        f"{_SELECT} WHERE state = ? AND row_id > ? AND anonymous = coalesce(?, anonymous)"
        " ORDER BY row_id LIMIT ?",
        (OutboxState.READY, after_row_id, anonymous, limit),
    )
    return [_item(row) for row in rows]


def get(tx: Transaction, row_id: int) -> OutboxItem | None:
    """Give one row, or None if it was accepted, perhaps through another process."""
    row = tx.one(f"{_SELECT} WHERE row_id = ?", (row_id,))
    return None if row is None else _item(row)


def older_than(tx: Transaction, queued_before_ms: int) -> list[OutboxItem]:
    """Give the rows that were queued before a time, oldest first."""
    rows = tx.all(f"{_SELECT} WHERE queued_at_ms < ? ORDER BY row_id", (queued_before_ms,))
    return [_item(row) for row in rows]


def of_peer(tx: Transaction, peer: Name) -> list[OutboxItem]:
    """Give all rows for ``peer``, oldest first."""
    return [_item(row) for row in tx.all(f"{_SELECT} WHERE peer = ? ORDER BY row_id", (peer,))]


def awaiting(tx: Transaction, peer: Name) -> list[WaitingContent]:
    """Give what waits for the keys of ``peer``, oldest first."""
    return _contents(tx, peer, OutboxState.AWAITING_KEYS)


def held_back(tx: Transaction, peer: Name) -> list[WaitingContent]:
    """Give what waits until a person decides whether it goes to the new key of ``peer``."""
    return _contents(tx, peer, OutboxState.HELD_BACK)


def is_held_back(tx: Transaction, message_id: MessageId) -> bool:
    """Tell whether a message waits for that."""
    query = "SELECT 1 FROM outbox WHERE message_id = ? AND state = ?"
    return tx.value(query, (message_id, OutboxState.HELD_BACK)) is not None


def release(tx: Transaction, peer: Name) -> None:
    """Let what was held back go to the keys that ``peer`` shows now."""
    tx.execute(
        "UPDATE outbox SET state = ? WHERE peer = ? AND state = ?",
        (OutboxState.AWAITING_KEYS, peer, OutboxState.HELD_BACK),
    )


def peers_awaiting(tx: Transaction) -> list[Name]:
    """Give the peers whose keys are waited for, those who wait longest first."""
    rows = tx.all(
        "SELECT peer FROM outbox WHERE state = ? GROUP BY peer ORDER BY min(row_id)",
        (OutboxState.AWAITING_KEYS,),
    )
    return [Name(peer) for (peer,) in rows]


def is_awaiting(tx: Transaction, peer: Name) -> bool:
    """Tell whether something waits for the keys of ``peer``."""
    found = tx.value(
        "SELECT 1 FROM outbox WHERE peer = ? AND state = ? LIMIT 1",
        (peer, OutboxState.AWAITING_KEYS),
    )
    return found is not None


def delete(tx: Transaction, row_id: int) -> None:
    """Forget a row: it is at the relay, or given up."""
    tx.execute("DELETE FROM outbox WHERE row_id = ?", (row_id,))


def delete_message(tx: Transaction, peer: Name, message_id: MessageId) -> None:
    """Forget the row of a message that ``peer`` says it has."""
    tx.execute("DELETE FROM outbox WHERE message_id = ? AND peer = ?", (message_id, peer))


def delete_peer(tx: Transaction, peer: Name) -> None:
    """Forget all rows for ``peer``: they were made for an identity no longer theirs."""
    tx.execute("DELETE FROM outbox WHERE peer = ?", (peer,))


def count(tx: Transaction) -> int:
    """Count all rows."""
    found: int = tx.value("SELECT count(*) FROM outbox")
    return found


def _contents(tx: Transaction, peer: Name, state: OutboxState) -> list[WaitingContent]:
    rows = tx.all(
        "SELECT row_id, message_id, content FROM outbox WHERE peer = ? AND state = ?"
        " ORDER BY row_id",
        (peer, state),
    )
    return [WaitingContent(row_id, MessageId(mid), content) for row_id, mid, content in rows]


def _item(row: Row) -> OutboxItem:
    row_id, peer, device, state, envelope_id, envelope, message_id, queued_at_ms, anonymous = row
    return OutboxItem(
        row_id,
        DeviceAddress(Name(peer), device),
        OutboxState(state),
        EnvelopeId(envelope_id),
        envelope,
        MessageId(message_id),
        queued_at_ms,
        bool(anonymous),
    )
