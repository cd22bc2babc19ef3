"""Two devices with keys, and sessions between them, for the rows that need some."""

import os
from dataclasses import dataclass

from protocol.e2ee.handshake import HandshakePrekeys
from protocol.e2ee.identity import IdentityKeyPair, LocalDevice
from protocol.e2ee.prekey_secrets import SealingPrivateKey
from protocol.e2ee.prekeys import make_one_time_pair, make_sealing_key, make_signed_prekey
from protocol.e2ee.session import (
    Session,
    accept_session,
    decrypt,
    encrypt,
    peek_untrusted,
    start_session,
)
from protocol.ids import DeviceAddress, parse_name
from protocol.records import PrekeyBundle

NOW_MS = 1_700_000_000_000


@dataclass(frozen=True, slots=True)
class Party:
    """A device, the bundle a relay would hand out for it, and the private halves."""

    device: LocalDevice
    bundle: PrekeyBundle
    prekeys: HandshakePrekeys
    sealing_private: SealingPrivateKey


def make_party(name: str) -> Party:
    """Draw a device with all its keys."""
    identity, address = IdentityKeyPair.generate(os.urandom), DeviceAddress(parse_name(name))
    arguments = (identity, address, 1, NOW_MS, os.urandom)
    signed_prekey, signed_private = make_signed_prekey(*arguments)
    pair, pair_private = make_one_time_pair(*arguments)
    sealing_key, sealing_private = make_sealing_key(*arguments)
    return Party(
        LocalDevice(address, identity),
        PrekeyBundle(identity.public, signed_prekey, pair.kem, pair.curve_key, sealing_key),
        HandshakePrekeys(signed_private, pair_private.kem, pair_private.curve),
        sealing_private,
    )


def make_sessions() -> tuple[Session, Session]:
    """Give both sides' session after one message each way: no handshake repeats any more."""
    alice, bob = make_party("alice"), make_party("bob")
    ours = start_session(alice.device, bob.device.address, bob.bundle, os.urandom)
    ours, first = encrypt(ours, b"first", os.urandom)
    header = peek_untrusted(first).handshake
    if header is None:
        raise AssertionError("a first message carries its handshake")
    theirs = accept_session(bob.device, alice.device.address, header, bob.prekeys)
    theirs, _ = decrypt(theirs, first, NOW_MS)
    theirs, answer = encrypt(theirs, b"answer", os.urandom)
    ours, _ = decrypt(ours, answer, NOW_MS)
    return ours, theirs
