"""Envelopes as the network may bring them: real ones, and what others make of them."""

from dataclasses import replace

from client.store import sessions
from client.values import Delivery
from protocol.e2ee.padding import Padding
from protocol.e2ee.sealed import seal
from protocol.e2ee.sealed_payload import TAG_BYTES, PayloadKind, SealedPayload
from protocol.e2ee.sender_tag import Correspondent, tagged_payload
from protocol.e2ee.session import encrypt
from protocol.ids import DeviceAddress, EnvelopeId, MessageId, Name
from protocol.records import Sender
from tests.support.clients import Client


class RawPayload(SealedPayload):
    """Bytes in the place of a sealed payload; sender and kind are not written."""

    def encode(self) -> bytes:
        return self.body


def raw_payload(data: bytes) -> RawPayload:
    """Give ``data`` for a sealed payload, as it is."""
    nobody = DeviceAddress(Name("x"))
    return RawPayload(nobody, PayloadKind.RATCHET_MESSAGE, bytes(TAG_BYTES), data)


def said_by(sender: Client, recipient: Client, message: bytes) -> SealedPayload:
    """Give any bytes for a ratchet message, under the true tag of who sends them."""
    to = Correspondent(recipient.device.address, recipient.device.identity.public)
    return tagged_payload(sender.device, to, message)


def in_the_name_of(
    sender: Client, recipient: Client, forger: Client, message: bytes
) -> SealedPayload:
    """Give what ``forger`` can make: all of it right, but for the key the tag is made with."""
    to = Correspondent(recipient.device.address, recipient.device.identity.public)
    return tagged_payload(replace(forger.device, address=sender.device.address), to, message)


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
    return sealed_anew(recipient, said_by(sender, recipient, message), vouched=sender.sender)
