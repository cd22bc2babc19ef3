"""Telling senders that their messages came, and hearing it of ours.

A receipt is an ordinary encrypted message; it is not in the history, and is
never answered by another receipt.

Spec: docs/client.md#receiving, docs/protocol.md#content
"""

from client.messaging.encrypting import encrypt_on, is_stale, route_to
from client.store import history, outbox, receipts_due
from client.store.outbox import NewItem
from client.store.transaction import Transaction
from client.values import Surroundings
from protocol.e2ee.content import Content, Receipt, ReceiptStatus, encode_content
from protocol.ids import IDENTIFIER_BYTES, DeviceAddress, EnvelopeId, MessageId, Name


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
    message_id = MessageId(surroundings.random_bytes(IDENTIFIER_BYTES))
    now_ms = surroundings.now_ms()
    content = Content(message_id, 0, now_ms, Receipt(ReceiptStatus.DELIVERED, ids))
    encrypted = encrypt_on(tx, route, encode_content(content), surroundings.random_bytes)
    outbox.add(
        tx,
        NewItem(
            to=DeviceAddress(peer),
            envelope_id=EnvelopeId(surroundings.random_bytes(IDENTIFIER_BYTES)),
            message_id=message_id,
            queued_at_ms=now_ms,
            envelope=encrypted.envelope,
        ),
    )
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
            news.append(message_id)
    return tuple(news)
