"""Telling senders that their messages came, and hearing it of ours.

A receipt is an ordinary encrypted message; it is not in the history, and is
never answered by another receipt.

Spec: docs/client.md#receiving, docs/protocol.md#content
"""

from client.messaging.encrypting import is_stale, route_to
from client.messaging.uncounted import queue_uncounted
from client.store import history, outbox, profile_keys, receipts_due, sent
from client.store.transaction import Transaction
from client.values import Surroundings
from protocol.e2ee.content import Receipt, ReceiptStatus
from protocol.ids import MessageId, Name


def compose_due(tx: Transaction, peer: Name, surroundings: Surroundings) -> bool:
    """Turn what is due to ``peer`` into one receipt message, ready to go.

    Returns:
        Whether it did. Not if nothing is due, and not while a key is missing or
        stale or the user has to decide: then the receipts stay due.
    """
    route = route_to(tx, peer)
    if route is None or is_stale(tx, peer, surroundings):
        return False
    ids = receipts_due.take(tx, peer)
    if not ids:
        return False
    queue_uncounted(tx, route, Receipt(ReceiptStatus.DELIVERED, ids), surroundings)
    # Whoever gets a receipt may write to us without a name from now on.
    profile_keys.accept(tx, peer)
    return True


def apply(
    tx: Transaction, own: Name, peer: Name, receipt: Receipt, arrival_ms: int
) -> tuple[MessageId, ...]:
    """Mark our messages that ``peer`` says it has; give those for which it is news.

    What is still in the outbox need not be sent again: an answer of the relay
    was lost, or another process was faster.

    Args:
        arrival_ms: of the receipt, at the relay.
    """
    news = []
    for message_id in receipt.ids:
        if history.mark_delivered(tx, own, peer, message_id, arrival_ms):
            outbox.delete_message(tx, peer, message_id)
            sent.forget_message(tx, peer, message_id)
            news.append(message_id)
    return tuple(news)
