"""A delivery whose seal is open: what it claims, and what the relay and the pin say to that.

Whoever holds our sealing key can seal whatever they like in a contact's name. So
the sender's tag is checked before anything else is looked at, under the identity
that the message is supposed to have:

    brings a handshake ─────▶ the one in it      (compared with the pin afterwards)
    none, or does not parse ▶ the pinned one     (without a pin: nobody's)

Always and first, although it is needed only when the message does not open: it
costs about 0.15 ms, a quarter of sealing an envelope, and what strangers can
reach ends here. Nothing secret is kept between two messages for it.

Spec: docs/protocol.md#sender-tag
"""

from dataclasses import dataclass

from client.store import contacts, prekeys
from client.store.account import OwnAccount
from client.store.contacts import Pin
from client.store.prekeys import PrekeyKind
from client.store.transaction import Transaction
from client.values import Delivery
from protocol.e2ee.prekey_secrets import SealingPrivateKey
from protocol.e2ee.sealed import open_envelope_untrusted, sealing_key_id_untrusted
from protocol.e2ee.sealed_payload import SealedPayload
from protocol.e2ee.sender_tag import require_sender
from protocol.e2ee.session import peek_untrusted
from protocol.errors import DecryptionFailed, PeerError, UnknownSession, WireError
from protocol.ids import DeviceAddress, Name
from protocol.records import Sender


@dataclass(frozen=True, slots=True)
class Arrival:
    """An opened envelope. Who sent it is a claim until the message in it opens.

    Args:
        identity: whose holder made it, in the sender's name; not always the pinned one.
    """

    own: OwnAccount
    delivery: Delivery
    payload: SealedPayload
    pin: Pin
    identity: bytes

    @property
    def claimed_peer(self) -> Name:
        """Who it says it is from."""
        return self.payload.sender.name

    @property
    def is_pinned(self) -> bool:
        """Tell whether whoever made it has the key that is pinned for the claimed sender."""
        return self.identity == self.pin.identity

    def is_vouched_as(self, identity: bytes) -> bool:
        """Tell whether the relay saw the claimed sender log in with ``identity`` to send it."""
        sender = self.payload.sender
        return self.delivery.vouched == Sender(sender.name, sender.device, identity)

    def is_contradicted(self) -> bool:
        """Tell whether the relay saw somebody else send it."""
        vouched = self.delivery.vouched
        return vouched is not None and vouched.name != self.claimed_peer


def open_seal(tx: Transaction, own: OwnAccount, delivery: Delivery) -> Arrival:
    """Open the envelope of ``delivery``, and see that its sender's tag is right.

    Raises:
        PeerError: it is malformed, for another key, its sealing key is gone,
            it names a sender who cannot be, or that sender did not make it.
    Cost: about 0.5 ms.
    """
    key_id = sealing_key_id_untrusted(delivery.envelope)
    private = prekeys.private_half(tx, PrekeyKind.SEALING, key_id)
    if private is None:
        raise DecryptionFailed("envelope")
    device, key = own.device, SealingPrivateKey.from_bytes(private)
    payload = open_envelope_untrusted(
        delivery.envelope, device.address, device.identity.public, key
    )
    sender = payload.sender
    if sender != DeviceAddress(sender.name) or sender.name == own.name:
        raise WireError("it names a sender who cannot be")
    pin = contacts.find(tx, sender.name)
    identity = _supposed_identity(payload.body, pin)
    require_sender(payload, device, identity)
    return Arrival(own, delivery, payload, pin, identity)


def _supposed_identity(message: bytes, pin: Pin) -> bytes:
    """Give the identity under which ``message`` claims to be written.

    Raises:
        UnknownSession: nobody is pinned, and it names none.
    """
    try:
        handshake = peek_untrusted(message).handshake
    except PeerError:
        handshake = None
    identity = pin.identity if handshake is None else handshake.identity
    if identity is None:
        raise UnknownSession
    return identity
