"""Envelopes as the network may bring them: real ones, and what others make of them."""

from dataclasses import replace

from client.store import sessions
from client.values import Delivery
from protocol.e2ee.padding import Padding
from protocol.e2ee.sealed import seal
from protocol.e2ee.sealed_payload import PayloadKind, SealedPayload
from protocol.e2ee.session import encrypt
from protocol.ids import EnvelopeId, MessageId
from protocol.records import Sender
from tests.support.clients import Client


class RawPayload(SealedPayload):
    """Bytes in the place of a sealed payload; sender and kind are not written."""

    def encode(self) -> bytes:
        return self.body


def mail(sender: Client, recipient: Client, text: str = "news") -> Delivery:
    """Send a text and take it out of the mailbox."""
    sender.send(recipient, text)
    sender.flush()
    return sender.relay.mail[recipient.name].pop()


def under_new_id(delivery: Delivery) -> Delivery:
    return replace(delivery, envelope_id=EnvelopeId(bytes(reversed(delivery.envelope_id))))


def sealed_anew(
    recipient: Client, payload: SealedPayload, vouched: Sender | None = None
) -> Delivery:
    """Seal any payload for ``recipient``, as anybody can."""
    upload = recipient.relay.shelves[recipient.name].upload
    assert upload is not None
    envelope = seal(
        payload,
        recipient.device.address,
        recipient.device.identity.public,
        upload.sealing_key,
        Padding.PADME,
    )
    arrival_ms = recipient.relay.clock.tick()
    envelope_id = EnvelopeId(recipient.rng.randbytes(16))
    return Delivery(arrival_ms, envelope_id, arrival_ms, vouched, envelope)


def payload_of(sender: Client, message_id: MessageId) -> SealedPayload:
    payload = sender.connection.execute(
        "SELECT payload FROM specimens WHERE message_id = ?", (message_id,)
    ).get
    return SealedPayload.decode_untrusted(payload)


def speak(sender: Client, recipient: Client, content: bytes) -> Delivery:
    """Encrypt any content in the established session, as a changed client could."""
    (session,) = sender.read(sessions.all_sessions)
    after, message = encrypt(session, content, sender.rng.randbytes)
    sender.write(lambda tx: sessions.update(tx, after))
    payload = SealedPayload(sender.device.address, PayloadKind.RATCHET_MESSAGE, message)
    return sealed_anew(recipient, payload, vouched=sender.sender)
