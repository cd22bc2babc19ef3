"""What did not open is a visible line, until it comes again: one line an hour for all of it.

    the first gap of an hour     a line of its own
    further ones                 the same line, which then says how many
    an answer that does not open the line of what it was to fill; it counts as that
    one is filled                the message stands in the history, marked as repaired;
                                 the line counts one less, and goes with the last one

So a fault is one line, however many messages it hit, and a contact who seals
noise instead of messages cannot fill the history.

Spec: docs/client.md#repair
"""

from dataclasses import replace

from client.messaging.arrival import Arrival
from client.store import gaps, history, settings
from client.store.gaps import Gap
from client.store.history import NewEntry
from client.store.transaction import Transaction
from client.values import EntryKind, MessageState
from protocol.e2ee.retry import RetryRequest, message_digest
from protocol.ids import IDENTIFIER_BYTES, MessageId, Name


def show(tx: Transaction, arrival: Arrival, reason: str, request: RetryRequest | None) -> int:
    """Show that the message of ``arrival`` did not open; give the row of the line.

    Args:
        reason: why, for the line.
        request: how to ask for it again, or None if that would lead to nothing.
    """
    peer, now_ms = arrival.claimed_peer, settings.relay_clock_ms(tx)
    digest = message_digest(arrival.payload.body)
    unfilled = gaps.filled_by(tx, peer, arrival.delivery.envelope_id)
    if unfilled is not None:
        gaps.add(tx, replace(unfilled, digest=digest, request=request), now_ms)
        return unfilled.line
    # By the time of its arrival a replayed one would belong to an hour long past.
    line = gaps.open_line(tx, peer, now_ms)
    shared = line is not None
    if line is None:
        line = _add_line(tx, arrival, digest, reason)
    gaps.add(tx, Gap(digest, digest, peer, arrival.delivery.arrival_ms, line, request), now_ms)
    if shared:
        _recount(tx, peer, line)
    return line


def fill(tx: Transaction, gap: Gap) -> None:
    """Note that the message of ``gap`` stands in the history now."""
    gaps.close(tx, gap)
    if gaps.count_of_line(tx, gap.peer, gap.line):
        _recount(tx, gap.peer, gap.line)
    else:
        history.remove_gap(tx, gap.line)


def _add_line(tx: Transaction, arrival: Arrival, digest: bytes, reason: str) -> int:
    peer, arrival_ms = arrival.claimed_peer, arrival.delivery.arrival_ms
    entry = NewEntry(
        peer=peer,
        sender=peer,
        message_id=MessageId(digest[:IDENTIFIER_BYTES]),
        kind=EntryKind.UNREADABLE,
        text=f"A message in the name of {peer} could not be opened: {reason}.",
        state=MessageState.RECEIVED,
        sent_at_ms=arrival_ms,
        arrival_ms=arrival_ms,
        series=arrival.pin.series,
    )
    row_id = history.add(tx, entry)
    # A peer may have chosen this very id for a message: its line has to do for both.
    return history.row_id_of(tx, peer, entry.message_id) if row_id is None else row_id


def _recount(tx: Transaction, peer: Name, line: int) -> None:
    count = gaps.count_of_line(tx, peer, line)
    words = "A message" if count == 1 else f"{count} messages"
    history.reword_gap(tx, line, f"{words} in the name of {peer} could not be opened.")
