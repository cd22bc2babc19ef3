"""Messages that no history shows: receipts, retry requests. Nobody answers or asks for them again.

Spec: docs/protocol.md#content
"""

from dataclasses import dataclass

from client.messaging.encrypting import Route, encrypt_on
from client.store import outbox
from client.store.outbox import NewItem
from client.store.transaction import Transaction
from client.values import Surroundings
from protocol.e2ee.content import Content, Known, encode_content
from protocol.ids import IDENTIFIER_BYTES, EnvelopeId, MessageId


@dataclass(frozen=True, slots=True)
class Queued:
    """What is on its way: the id inside it, and the SHA-256 of its ratchet message."""

    message_id: MessageId
    digest: bytes


def queue_uncounted(
    tx: Transaction, route: Route, body: Known, surroundings: Surroundings
) -> Queued:
    """Encrypt ``body`` on ``route``, ready to go."""
    random_bytes, now_ms = surroundings.random_bytes, surroundings.now_ms()
    message_id = MessageId(random_bytes(IDENTIFIER_BYTES))
    content = encode_content(Content(message_id, 0, now_ms, body))
    encrypted = encrypt_on(tx, route, content, random_bytes)
    outbox.add(
        tx,
        NewItem(
            to=route.session.peer,
            envelope_id=EnvelopeId(random_bytes(IDENTIFIER_BYTES)),
            message_id=message_id,
            queued_at_ms=now_ms,
            envelope=encrypted.envelope,
        ),
    )
    return Queued(message_id, encrypted.digest)
