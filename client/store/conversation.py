"""Reading the history: a page of a conversation, hits of a search, what is new for `listen`.

Spec: docs/client.md#order
"""

from typing import Final

from client.errors import LocalError
from client.store import ordering, search
from client.store.ordering import NOT_YET
from client.store.transaction import Parameters, Row, Transaction
from client.values import Contact, EntryKind, HistoryEntry, MessageState, OutboxState
from protocol.ids import MessageId, Name

# A counter says how many came before; the last one that is here says how many are missing.
_SELECT: Final = """
    SELECT row_id, peer, sender <> peer, message_id, counter, kind, text, state,
           sent_at_ms, arrival_ms,
           CASE WHEN counter = 0 THEN 0 ELSE counter - 1 - coalesce(
               (SELECT max(before.counter) FROM history AS before
                WHERE before.peer = history.peer AND before.sender = history.sender
                  AND before.series = history.series AND before.counter < history.counter), 0)
           END,
           failure, repaired
    FROM history
"""


def page(
    tx: Transaction, peer: Name, limit: int, before_row_id: int | None = None
) -> list[HistoryEntry]:
    """Give the newest lines of a conversation, oldest of them first.

    Args:
        limit: most to give.
        before_row_id: only lines that stand before this one.

    Raises:
        LocalError: there is no line ``before_row_id``.
    """
    place = (NOT_YET, "~", NOT_YET, NOT_YET, NOT_YET)  # "~" sorts after every name
    if before_row_id is not None:
        found = ordering.place_of(tx, before_row_id)
        if found is None:
            raise LocalError(f"There is no line {before_row_id} in the history.")
        place = found
    newest_first = _entries(
        tx,
        "WHERE peer = ? AND (order_ms, sender, series, counter, row_id) < (?, ?, ?, ?, ?)"
        " ORDER BY order_ms DESC, sender DESC, series DESC, counter DESC, row_id DESC LIMIT ?",
        (peer, *place, limit),
    )
    return newest_first[::-1]


def entry(tx: Transaction, row_id: int) -> HistoryEntry | None:
    """Give one line, or None."""
    found = _entries(tx, "WHERE row_id = ?", (row_id,))
    return found[0] if found else None


def message(
    tx: Transaction, peer: Name, message_id: MessageId, *, outgoing: bool
) -> HistoryEntry | None:
    """Give the line of a message in one direction of a conversation, or None."""
    found = _entries(
        tx,
        "WHERE peer = ? AND message_id = ? AND (sender <> peer) = ?",
        (peer, message_id, outgoing),
    )
    return found[0] if found else None


def by_message_id(tx: Transaction, message_id: MessageId) -> HistoryEntry | None:
    """Give the line of a message, or None (a peer may have chosen another's id: the first)."""
    found = _entries(tx, "WHERE message_id = ? ORDER BY row_id LIMIT 1", (message_id,))
    return found[0] if found else None


def hits(tx: Transaction, words: str, limit: int) -> list[HistoryEntry]:
    """Give the lines that hold all ``words``, newest first; see :mod:`client.store.search`."""
    found = (entry(tx, row_id) for row_id in search.find(tx, words, limit))
    return [each for each in found if each is not None]


def unlistened(tx: Transaction, limit: int) -> list[HistoryEntry]:
    """Give incoming lines that no ``listen`` has printed, in conversation order."""
    return _entries(
        tx,
        "WHERE row_id IN (SELECT row_id FROM history WHERE listened = 0 ORDER BY row_id LIMIT ?)"
        " ORDER BY order_ms, sender, series, counter, row_id",
        (limit,),
    )


def untold_notices(tx: Transaction, peer: Name) -> list[HistoryEntry]:
    """Give the notices of a changed key of ``peer`` that no terminal has shown, oldest first."""
    return _entries(
        tx,
        "WHERE peer = ? AND kind = ? AND listened = 0 ORDER BY row_id",
        (peer, EntryKind.NOTICE),
    )


def last_line(tx: Transaction, peer: Name) -> int:
    """Give the line of a conversation that was stored last and is no notice, or 0."""
    row_id: int | None = tx.value(  # "+": by row, from the end, which is near
        "SELECT row_id FROM history WHERE +peer = ? AND kind <> ? ORDER BY row_id DESC LIMIT 1",
        (peer, EntryKind.NOTICE),
    )
    return row_id or 0


def undelivered(tx: Transaction, peer: Name, since_ms: int) -> list[HistoryEntry]:
    """Give our texts to the present identity of ``peer`` without a receipt, in their order.

    Args:
        since_ms: leave out what reached the relay before this: it has expired there.
    """
    return _entries(
        tx,
        "WHERE peer = ? AND sender <> peer AND state IN (1, 2) AND kind = ?"
        " AND written_for = (SELECT series FROM contacts WHERE name = peer)"
        " AND (state = 1 OR arrival_ms >= ?) ORDER BY counter, row_id",
        (peer, EntryKind.TEXT, since_ms),
    )


def all_undelivered(tx: Transaction, peer: Name) -> list[HistoryEntry]:
    """Give our texts to ``peer`` without a receipt, in their order: of any age, for any identity.

    The relay says when a text reached it, and what time it is: neither may keep one out.
    """
    return _entries(
        tx,
        "WHERE peer = ? AND sender <> peer AND state IN (1, 2) AND kind = ?"
        " ORDER BY counter, row_id",
        (peer, EntryKind.TEXT),
    )


def last_received(tx: Transaction, peer: Name) -> MessageId | None:
    """Give the newest text that came from ``peer``, or None."""
    message_id: bytes | None = tx.value(
        "SELECT message_id FROM history WHERE peer = ? AND sender = peer AND kind = ?"
        " ORDER BY row_id DESC LIMIT 1",
        (peer, EntryKind.TEXT),
    )
    return None if message_id is None else MessageId(message_id)


def undelivered_text(tx: Transaction, peer: Name, message_id: MessageId) -> HistoryEntry | None:
    """Give one text of ours to the present identity of ``peer`` if it is on its way, or None."""
    found = _entries(
        tx,
        "WHERE message_id = ? AND peer = ? AND sender <> peer AND state IN (1, 2) AND kind = ?"
        " AND written_for = (SELECT series FROM contacts WHERE name = peer)",
        (message_id, peer, EntryKind.TEXT),
    )
    return found[0] if found else None


def contacts(tx: Transaction) -> list[Contact]:
    """Give all contacts with the number of their messages and the last activity, by name."""
    rows = tx.all(
        "SELECT name, identity, verified, pending_identity,"
        " (SELECT count(*) FROM history WHERE peer = name)"
        " - (SELECT count(*) FROM history WHERE peer = name AND kind = 'notice'),"
        " (SELECT coalesce(arrival_ms, sent_at_ms) FROM history WHERE peer = name"
        " ORDER BY order_ms DESC, sender DESC, series DESC, counter DESC, row_id DESC LIMIT 1)"
        ", blocked, EXISTS (SELECT 1 FROM peer_profile_keys"
        " WHERE peer = name AND their_key IS NOT NULL),"
        " (SELECT count(*) FROM outbox WHERE outbox.peer = name AND outbox.state = ?)"
        " FROM contacts ORDER BY name",
        (OutboxState.HELD_BACK,),
    )
    return [
        Contact(
            Name(name),
            identity,
            bool(verified),
            pending,
            count,
            last_ms,
            blocked=bool(blocked),
            sealed=bool(sealed),
            held_back_count=held_back,
        )
        for name, identity, verified, pending, count, last_ms, blocked, sealed, held_back in rows
    ]


def message_count(tx: Transaction) -> int:
    """Count the messages of all conversations; notices are none."""
    count: int = tx.value(
        "SELECT (SELECT count(*) FROM history)"
        " - (SELECT count(*) FROM history WHERE kind = 'notice')"
    )
    return count


def _entries(tx: Transaction, clauses: str, parameters: Parameters) -> list[HistoryEntry]:
    return [_entry(row) for row in tx.all(_SELECT + clauses, parameters)]


def _entry(row: Row) -> HistoryEntry:
    row_id, peer, outgoing, message_id, counter, kind, text, state, *rest = row
    sent_at_ms, arrival_ms, missing_before, failure, repaired = rest
    return HistoryEntry(
        row_id=row_id,
        peer=Name(peer),
        outgoing=bool(outgoing),
        message_id=MessageId(message_id),
        counter=counter,
        kind=EntryKind(kind),
        text=text,
        state=MessageState(state),
        sent_at_ms=sent_at_ms,
        arrival_ms=arrival_ms,
        missing_before=missing_before,
        failure=failure,
        repaired=bool(repaired),
    )
