"""The conversations: one row per line that a person sees.

A message id is unique per sender in a conversation: whatever the network and
the peer repeat, a line stands here once. A row id is never used twice: it is the line's
position in a backup.

Spec: docs/formats.md#history, docs/client.md#order
"""

from dataclasses import dataclass
from typing import Final

from client.store import media, ordering, search
from client.store.ordering import NOT_YET
from client.store.transaction import Transaction, storable
from client.values import EntryKind, MessageState
from protocol.ids import MessageId, Name

TABLE: Final = (
    """
    CREATE TABLE history (
        row_id INTEGER PRIMARY KEY AUTOINCREMENT,
        peer TEXT NOT NULL,
        sender TEXT NOT NULL,
        series INTEGER NOT NULL,
        counter INTEGER NOT NULL,
        order_ms INTEGER NOT NULL,
        message_id BLOB NOT NULL CHECK (length(message_id) = 16),
        kind TEXT NOT NULL,
        state INTEGER NOT NULL,
        sent_at_ms INTEGER NOT NULL,
        arrival_ms INTEGER,
        listened INTEGER NOT NULL,
        failure TEXT NOT NULL DEFAULT '',
        repaired INTEGER NOT NULL DEFAULT 0,
        written_for INTEGER NOT NULL,
        text TEXT NOT NULL,
        raw BLOB
    ) STRICT
    """,
    "CREATE UNIQUE INDEX history_ids ON history (message_id, peer, sender)",
    "CREATE INDEX history_order ON history (peer, order_ms, sender, series, counter, row_id)",
    "CREATE INDEX history_counters ON history (peer, sender, series, counter, order_ms)",
    "CREATE INDEX history_lines ON history (peer)",
    "CREATE INDEX history_more ON history (peer) WHERE failure <> '' OR raw IS NOT NULL",
    "CREATE INDEX history_notices ON history (peer) WHERE kind = 'notice'",
    "CREATE INDEX history_unlistened ON history (row_id) WHERE listened = 0",
    "CREATE INDEX history_undelivered ON history (peer, counter) WHERE state IN (1, 2)",
)


@dataclass(frozen=True, slots=True)
class NewEntry:
    """A line to add.

    Args:
        sender: the peer's name or our own; it tells the direction.
        series: the run of the sender's counters.
        arrival_ms: at the relay; None for what has not been there.
        raw: the whole content, of what this program does not understand; of a notice,
            what it is about, if one is to stand for several.
        repaired: it did not open at first, and was asked for again.
        announced: a notice that ``listen`` and ``send`` tell too.
        written_for: of a text of ours, the series of the peer's identity that it is for; else 0.
    """

    peer: Name
    sender: Name
    message_id: MessageId
    kind: EntryKind
    text: str
    state: MessageState
    sent_at_ms: int
    arrival_ms: int | None
    series: int = 1
    counter: int = 0
    raw: bytes | None = None
    repaired: bool = False
    announced: bool = False
    written_for: int = 0


def add(tx: Transaction, entry: NewEntry) -> int | None:
    """Add a line in its place in the conversation.

    Returns:
        Its row id, or None if this message of this sender is there already.
    """
    incoming = entry.sender == entry.peer and entry.kind is not EntryKind.NOTICE
    row_id = tx.value(
        "INSERT INTO history (peer, sender, series, counter, order_ms, message_id, kind, state,"
        " sent_at_ms, arrival_ms, listened, text, raw, repaired, written_for)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING RETURNING row_id",
        (
            entry.peer,
            entry.sender,
            entry.series,
            storable(entry.counter),
            NOT_YET,
            entry.message_id,
            entry.kind,
            entry.state,
            storable(entry.sent_at_ms),
            None if entry.arrival_ms is None else storable(entry.arrival_ms),
            not (incoming or entry.announced),
            entry.text,
            entry.raw,
            entry.repaired,
            entry.written_for,
        ),
    )
    if row_id is None:
        return None
    if entry.arrival_ms is not None:
        ordering.settle(tx, row_id, storable(entry.arrival_ms))
    if entry.kind is EntryKind.TEXT:
        search.add(tx, row_id, entry.text)
    return int(row_id)


def row_id_of(tx: Transaction, sender: Name, message_id: MessageId) -> int:
    """Give the row of a peer's message, which must be there."""
    row_id: int = tx.value(
        "SELECT row_id FROM history WHERE message_id = ? AND peer = ? AND sender = peer",
        (message_id, sender),
    )
    return row_id


def has_other_with_counter(tx: Transaction, entry: NewEntry) -> bool:
    """Tell whether another message of this sender bears the counter of ``entry``."""
    found = tx.value(
        "SELECT 1 FROM history WHERE peer = ? AND sender = ? AND series = ? AND counter = ?"
        " AND message_id <> ?",
        (entry.peer, entry.sender, entry.series, storable(entry.counter), entry.message_id),
    )
    return found is not None


def reword_gap(tx: Transaction, row_id: int, text: str) -> None:
    """Let the line of a gap say something else; no search finds such a line."""
    tx.execute(
        "UPDATE history SET text = ? WHERE row_id = ? AND kind = ?",
        (text, row_id, EntryKind.UNREADABLE),
    )


def remove_gap(tx: Transaction, row_id: int) -> None:
    """Remove the line of a gap that is filled."""
    tx.execute("DELETE FROM history WHERE row_id = ? AND kind = ?", (row_id, EntryKind.UNREADABLE))


def remove(tx: Transaction, row_id: int) -> None:
    """Remove a line, with the facts and files that hang on it; search finds it no more.

    The object files that nobody needs any more lose their keys now, and go with the next sweep.
    """
    row = tx.one("DELETE FROM history WHERE row_id = ? RETURNING kind, text", (row_id,))
    if row is not None and row[0] == EntryKind.TEXT:
        search.remove(tx, row_id, row[1])
    media.forget_unused(tx)


def notices_about(tx: Transaction, peer: Name, about: bytes, after_row_id: int) -> list[int]:
    """Give the rows of our own lines about one thing that are younger than another row."""
    rows = tx.all(
        "SELECT row_id FROM history WHERE peer = ? AND kind = ? AND raw = ? AND row_id > ?",
        (peer, EntryKind.NOTICE, about, after_row_id),
    )
    return [row_id for (row_id,) in rows]


def remove_notice(tx: Transaction, row_id: int) -> None:
    """Remove a line of our own, for another that says more."""
    tx.execute("DELETE FROM history WHERE row_id = ? AND kind = ?", (row_id, EntryKind.NOTICE))


def mark_at_relay(tx: Transaction, own: Name, message_id: MessageId, arrival_ms: int) -> None:
    """Note that the relay has our message, and put it in its place."""
    row_id = tx.value(
        "UPDATE history SET state = ?, arrival_ms = ?"
        " WHERE message_id = ? AND sender = ? AND state = ? RETURNING row_id",
        (MessageState.AT_RELAY, storable(arrival_ms), message_id, own, MessageState.QUEUED),
    )
    if row_id is not None:
        ordering.settle(tx, row_id, storable(arrival_ms))


def mark_delivered(
    tx: Transaction, own: Name, peer: Name, message_id: MessageId, receipt_ms: int
) -> bool:
    """Note that ``peer`` has our message; tell whether that is news.

    A receipt may overtake the relay's answer, and also ends QUEUED and FAILED.

    Args:
        receipt_ms: arrival of the receipt at the relay; where the message's own
            is not known, it is taken for that, because it was earlier.
    """
    row = tx.one(
        "UPDATE history SET state = ?, failure = '', arrival_ms = coalesce(arrival_ms, ?)"
        " WHERE message_id = ? AND peer = ? AND sender = ? AND state IN (?, ?, ?)"
        " RETURNING row_id, order_ms",
        (
            MessageState.DELIVERED,
            receipt_ms,
            message_id,
            peer,
            own,
            MessageState.QUEUED,
            MessageState.AT_RELAY,
            MessageState.FAILED,
        ),
    )
    if row is None:
        return False
    row_id, order_ms = row
    if order_ms == NOT_YET:
        ordering.settle(tx, row_id, receipt_ms)
    return True


def mark_failed(
    tx: Transaction, own: Name, message_id: MessageId, failure: str, now_ms: int
) -> None:
    """Note that our message will not be sent; it keeps the place it has now."""
    row_id = tx.value(
        "UPDATE history SET state = ?, failure = ?"
        " WHERE message_id = ? AND sender = ? AND state = ? RETURNING row_id",
        (MessageState.FAILED, failure, message_id, own, MessageState.QUEUED),
    )
    if row_id is not None:
        ordering.settle(tx, row_id, storable(now_ms))


def set_counter(
    tx: Transaction, peer: Name, own: Name, message_id: MessageId, counter: int
) -> None:
    """Give our message the number that it leaves with."""
    tx.execute(
        "UPDATE history SET counter = ? WHERE message_id = ? AND peer = ? AND sender = ?",
        (counter, message_id, peer, own),
    )


def mark_queued_again(tx: Transaction, row_id: int) -> None:
    """Note that our message waits once more, for another key of the peer.

    When it was at the relay is no matter any more: by that it would be too old to be queued again.
    """
    tx.execute(
        "UPDATE history SET state = ?, arrival_ms = NULL WHERE row_id = ?",
        (MessageState.QUEUED, row_id),
    )


def written_for(tx: Transaction, peer: Name, message_id: MessageId) -> int:
    """Give the series of the identity that our text to ``peer`` is for, 0 if there is no such."""
    series: int | None = tx.value(
        "SELECT written_for FROM history WHERE message_id = ? AND peer = ? AND sender <> peer",
        (message_id, peer),
    )
    return series or 0


def dedicate(tx: Transaction, peer: Name, message_id: MessageId, series: int) -> None:
    """Note that our text to ``peer`` is for their identity of ``series`` from now on."""
    tx.execute(
        "UPDATE history SET written_for = ? WHERE message_id = ? AND peer = ? AND sender <> peer",
        (series, message_id, peer),
    )


def mark_listened(tx: Transaction, row_ids: list[int]) -> None:
    """Note that ``listen`` has printed these lines."""
    for row_id in row_ids:
        tx.execute("UPDATE history SET listened = 1 WHERE row_id = ?", (row_id,))


def mark_notices_told(tx: Transaction, peer: Name) -> None:
    """Note that a person knows of the present key of ``peer``: it was shown, and answered for."""
    tx.execute(
        "UPDATE history SET listened = 1 WHERE peer = ? AND kind = ? AND listened = 0",
        (peer, EntryKind.NOTICE),
    )
