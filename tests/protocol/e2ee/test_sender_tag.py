"""The sender's tag: right for the one message it was made for, and made by two people only."""

import hmac
from dataclasses import replace
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from nacl import bindings

from protocol.e2ee.identity import LocalDevice
from protocol.e2ee.sealed_payload import SealedPayload
from protocol.e2ee.sender_tag import Correspondent, require_sender, tagged_payload
from protocol.errors import BadPublicKey, WrongSenderTag
from protocol.ids import DeviceAddress, Name
from tests.protocol.e2ee.parties import Party, party

ALICE, BOB, MALLORY = party("alice"), party("bob"), party("mallory")
MESSAGE = b"a ratchet message"
PAYLOAD = ALICE.payload_to(BOB, MESSAGE)
LOW_ORDER_IDENTITIES = (bytes(32), b"\x01" + bytes(31), b"\xec" + b"\xff" * 30 + b"\x7f")


def check(payload: SealedPayload, ours: LocalDevice = BOB.device) -> None:
    require_sender(payload, ours, ALICE.identity.public)


def test_the_recipient_accepts_the_senders_tag() -> None:
    check(PAYLOAD)
    check(SealedPayload.decode_untrusted(PAYLOAD.encode()))
    assert ALICE.payload_to(BOB, MESSAGE) == PAYLOAD  # nothing random is in it


def _encoded(label: bytes, *fields: bytes) -> bytes:
    joined = b"".join(len(each).to_bytes(4, "big") + each for each in fields)
    return bytes([len(label)]) + label + joined


def _hkdf(key_material: bytes, info: bytes) -> bytes:
    return hmac.digest(hmac.digest(bytes(32), key_material, sha256), info + b"\x01", sha256)


@pytest.mark.parametrize(("computing", "other"), [(ALICE, BOB), (BOB, ALICE)])
def test_the_tag_is_the_page_spelled_out_by_either_side(computing: Party, other: Party) -> None:
    """Deniable: the recipient could have made each tag, so it convinces nobody else."""
    alice, bob, one = ALICE.identity.public, BOB.identity.public, b"\0\0\0\x01"
    agreement = _agreement(computing, other.identity.public)
    info = _encoded(b"glasspost/1/sender-tag-key", b"alice", one, alice, b"bob", one, bob)
    covered = _encoded(b"glasspost/1/sender-tag", b"bob", one, b"alice", one, b"\x01", MESSAGE)
    assert hmac.digest(_hkdf(agreement, info), covered, sha256)[:16] == PAYLOAD.tag


def _agreement(ours: Party, their_identity: bytes) -> bytes:
    expanded = ours.identity.private.expose() + ours.identity.public
    private = bindings.crypto_sign_ed25519_sk_to_curve25519(expanded)
    public = bindings.crypto_sign_ed25519_pk_to_curve25519(their_identity)
    return X25519PrivateKey.from_private_bytes(private).exchange(
        X25519PublicKey.from_public_bytes(public)
    )


def _named(name: str, device: int, whose: LocalDevice) -> LocalDevice:
    return LocalDevice(DeviceAddress(Name(name), device), whose.identity)


@pytest.mark.parametrize("name", ["alice", "bob", "carol"])
@pytest.mark.parametrize("device", [1, 2])
def test_it_is_for_one_sender_and_one_recipient(name: str, device: int) -> None:
    """The identities are the right ones throughout: only an address differs."""
    address = DeviceAddress(Name(name), device)
    if address != ALICE.address:
        with pytest.raises(WrongSenderTag):
            check(replace(PAYLOAD, sender=address))
    if address != BOB.address:
        with pytest.raises(WrongSenderTag):
            check(PAYLOAD, _named(name, device, BOB.device))


@pytest.mark.parametrize("message", [b"", MESSAGE[:-1], MESSAGE + b"\0", b"A" + MESSAGE[1:]])
def test_it_is_for_one_message(message: bytes) -> None:
    with pytest.raises(WrongSenderTag):
        check(replace(PAYLOAD, body=message))


@pytest.mark.parametrize("at", range(16))
def test_each_byte_of_it_counts(at: int) -> None:
    forged = bytearray(PAYLOAD.tag)
    forged[at] ^= 1
    with pytest.raises(WrongSenderTag):
        check(replace(PAYLOAD, tag=bytes(forged)))


def test_p5_nobody_else_can_make_it() -> None:
    """Mallory knows both public identities, and the sealing key."""
    mallory = _named("alice", 1, MALLORY.device)
    for to in (BOB.public, Correspondent(BOB.address, ALICE.identity.public)):
        with pytest.raises(WrongSenderTag):
            check(tagged_payload(mallory, to, MESSAGE))


def test_p5_it_is_for_the_identity_it_was_made_for() -> None:
    for identity in (MALLORY.identity.public, BOB.identity.public):
        with pytest.raises(WrongSenderTag):
            require_sender(PAYLOAD, BOB.device, identity)
    for identity in (MALLORY.identity.public, ALICE.identity.public):
        other = tagged_payload(ALICE.device, Correspondent(BOB.address, identity), MESSAGE)
        with pytest.raises(WrongSenderTag):
            check(other)


def test_p5_it_cannot_be_turned_back_on_who_made_it() -> None:
    """Both directions have the same agreement, and keys of their own."""
    to = Correspondent(BOB.address, ALICE.identity.public)
    turned = tagged_payload(_named("alice", 1, BOB.device), to, MESSAGE)
    assert turned.tag != PAYLOAD.tag
    with pytest.raises(WrongSenderTag):
        check(turned)


@pytest.mark.parametrize("identity", [*LOW_ORDER_IDENTITIES, b"", ALICE.identity.public[:31]])
def test_p5_identities_that_agree_on_zeros_are_refused(identity: bytes) -> None:
    with pytest.raises(BadPublicKey):
        require_sender(PAYLOAD, BOB.device, identity)
    with pytest.raises(BadPublicKey):
        tagged_payload(ALICE.device, Correspondent(BOB.address, identity), MESSAGE)
