"""Two people with all their keys, and sessions between them."""

from dataclasses import dataclass
from functools import cache

from protocol.e2ee.curve import CurvePrivateKey
from protocol.e2ee.handshake import HandshakePrekeys
from protocol.e2ee.identity import IdentityKeyPair, LocalDevice
from protocol.e2ee.kem import KemSeed
from protocol.e2ee.prekey_secrets import OneTimePrivate, SealingPrivateKey
from protocol.e2ee.prekeys import (
    make_last_resort,
    make_one_time_pair,
    make_sealing_key,
    make_signed_prekey,
)
from protocol.e2ee.sealed_payload import SealedPayload
from protocol.e2ee.sender_tag import Correspondent, tagged_payload
from protocol.e2ee.session import (
    Session,
    accept_session,
    decrypt,
    encrypt,
    peek_untrusted,
    start_session,
)
from protocol.ids import DeviceAddress, parse_name
from protocol.records import (
    OneTimePair,
    PrekeyBundle,
    SignedKemPrekey,
    SignedPrekey,
    SignedSealingKey,
)
from tests.support.randomness import SeededBytes

NOW_MS = 1_700_000_000_000


@dataclass(frozen=True)
class Party:
    """A device with every kind of prekey, public and private."""

    device: LocalDevice
    signed_prekey: SignedPrekey
    signed_private: CurvePrivateKey
    last_resort: SignedKemPrekey
    last_resort_private: KemSeed
    one_time: OneTimePair
    one_time_private: OneTimePrivate
    sealing_key: SignedSealingKey
    sealing_private: SealingPrivateKey

    @property
    def address(self) -> DeviceAddress:
        return self.device.address

    @property
    def identity(self) -> IdentityKeyPair:
        return self.device.identity

    @property
    def public(self) -> Correspondent:
        """What others know."""
        return Correspondent(self.address, self.identity.public)

    def payload_to(self, peer: "Party", message: bytes) -> SealedPayload:
        """Give the payload in which a ratchet message goes to ``peer``."""
        return tagged_payload(self.device, peer.public, message)

    def bundle(self, *, one_time: bool = True) -> PrekeyBundle:
        """Give the bundle that a relay would hand out."""
        return PrekeyBundle(
            self.identity.public,
            self.signed_prekey,
            self.one_time.kem if one_time else self.last_resort,
            self.one_time.curve_key if one_time else None,
            self.sealing_key,
        )

    def prekeys(self, *, one_time: bool = True) -> HandshakePrekeys:
        """Give the private halves of that bundle."""
        if one_time:
            return HandshakePrekeys(
                self.signed_private, self.one_time_private.kem, self.one_time_private.curve
            )
        return HandshakePrekeys(self.signed_private, self.last_resort_private, None)


@cache
def party(name: str) -> Party:
    """Make a party; the same name has the same keys in every run."""
    random_bytes = SeededBytes(f"party {name}")
    identity = IdentityKeyPair.generate(random_bytes)
    address = DeviceAddress(parse_name(name))
    return Party(
        LocalDevice(address, identity),
        *make_signed_prekey(identity, address, 11, NOW_MS, random_bytes),
        *make_last_resort(identity, address, 12, NOW_MS, random_bytes),
        *make_one_time_pair(identity, address, 13, NOW_MS, random_bytes),
        *make_sealing_key(identity, address, 14, NOW_MS, random_bytes),
    )


def begin(
    random_bytes: SeededBytes, *, one_time: bool = True, text: bytes = b"first"
) -> tuple[Session, Session]:
    """Let Alice write to Bob, and Bob open it: both have a session, no answer yet."""
    alice, bob = party("alice"), party("bob")
    ours = start_session(alice.device, bob.address, bob.bundle(one_time=one_time), random_bytes)
    ours, message = encrypt(ours, text, random_bytes)
    handshake = peek_untrusted(message).handshake
    assert handshake is not None
    theirs = accept_session(bob.device, alice.address, handshake, bob.prekeys(one_time=one_time))
    theirs, opened = decrypt(theirs, message, NOW_MS)
    assert opened == text
    return ours, theirs


def established(random_bytes: SeededBytes) -> tuple[Session, Session]:
    """Give Alice's and Bob's session after one message each way."""
    ours, theirs = begin(random_bytes)
    theirs, answer = encrypt(theirs, b"second", random_bytes)
    ours, _ = decrypt(ours, answer, NOW_MS)
    return ours, theirs
