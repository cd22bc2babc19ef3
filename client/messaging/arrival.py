"""A delivery whose seal is open: what it claims, and what the relay and the pin say to that."""

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
from protocol.errors import DecryptionFailed, WireError
from protocol.ids import DeviceAddress, Name
from protocol.records import Sender


@dataclass(frozen=True, slots=True)
class Arrival:
    """An opened envelope. Who sent it is a claim until the message in it opens."""

    own: OwnAccount
    delivery: Delivery
    payload: SealedPayload
    pin: Pin

    @property
    def claimed_peer(self) -> Name:
        """Who it says it is from."""
        return self.payload.sender.name

    def is_vouched_as(self, identity: bytes) -> bool:
        """Tell whether the relay saw the claimed sender log in with ``identity`` to send it."""
        sender = self.payload.sender
        return self.delivery.vouched == Sender(sender.name, sender.device, identity)

    def is_contradicted(self) -> bool:
        """Tell whether the relay saw somebody else send it."""
        vouched = self.delivery.vouched
        return vouched is not None and vouched.name != self.claimed_peer


def open_seal(tx: Transaction, own: OwnAccount, delivery: Delivery) -> Arrival:
    """Open the envelope of ``delivery``.

    Raises:
        PeerError: it is malformed, for another key, its sealing key is gone,
            or it names a sender who cannot be.
    """
    key_id = sealing_key_id_untrusted(delivery.envelope)
    private = prekeys.private_half(tx, PrekeyKind.SEALING, key_id)
    if private is None:
        raise DecryptionFailed("envelope")
    address, identity = own.device.address, own.device.identity.public
    key = SealingPrivateKey.from_bytes(private)
    payload = open_envelope_untrusted(delivery.envelope, address, identity, key)
    sender = payload.sender
    if sender != DeviceAddress(sender.name) or sender.name == own.name:
        raise WireError("it names a sender who cannot be")
    return Arrival(own, delivery, payload, contacts.find(tx, sender.name))
