"""Sealed sender: opens for its recipient only, and whatever is hostile ends in one error family."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from protocol.e2ee.content import Content, Text, encode_content
from protocol.e2ee.padding import Padding, pad
from protocol.e2ee.prekey_secrets import SealingPrivateKey
from protocol.e2ee.ratchet.kem_fields import KemFields
from protocol.e2ee.sealed import open_envelope_untrusted, seal, sealing_key_id_untrusted
from protocol.e2ee.sealed_payload import SealedPayload
from protocol.e2ee.session import decrypt, encrypt
from protocol.encoding import encode_fields, u32
from protocol.errors import (
    BadPublicKey,
    DecryptionFailed,
    PeerError,
    TooLong,
    UnsupportedVersion,
    WireError,
)
from protocol.ids import DeviceAddress, MessageId, Name
from protocol.labels import Label
from protocol.limits import MAX_ENVELOPE_BYTES, MAX_NAME_BYTES
from tests.protocol.e2ee.hybrid_sides import attached, claiming
from tests.protocol.e2ee.parties import NOW_MS, begin, established, party
from tests.protocol.e2ee.test_curve import LOW_ORDER
from tests.support.randomness import SeededBytes

ALICE, BOB, MALLORY = party("alice"), party("bob"), party("mallory")
DRAW = SeededBytes("sealed")
LONG_TEXT = encode_content(Content(MessageId(b"i" * 16), 0xFFFF_FFFF, NOW_MS, Text("x" * 500)))
PAYLOAD = ALICE.payload_to(BOB, b"a ratchet message")
TAG = bytes(16)


def _seal(payload: SealedPayload = PAYLOAD, padding: Padding = Padding.PADME) -> bytes:
    return seal(payload, BOB.address, BOB.identity.public, BOB.sealing_key, padding)


def _open(envelope: bytes) -> SealedPayload:
    return open_envelope_untrusted(envelope, BOB.address, BOB.identity.public, BOB.sealing_private)


def _seal_plaintext(plaintext: bytes) -> bytes:
    """Seal any bytes for Bob, as a hostile sender can; written from the page alone."""
    key, key_id = BOB.sealing_key.key, BOB.sealing_key.key_id
    public = hpke.MLKEM768X25519PublicKey(
        MLKEM768PublicKey.from_public_bytes(key[:1_184]),
        X25519PublicKey.from_public_bytes(key[1_184:]),
    )
    info = encode_fields(Label.SEALED_SENDER, b"bob", u32(1), BOB.identity.public, u32(key_id))
    suite = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)
    return b"\x01" + u32(key_id) + suite.encrypt(plaintext, public, info)


@pytest.mark.parametrize("padding", Padding)
def test_an_envelope_opens_for_its_recipient(padding: Padding) -> None:
    envelope = _seal(padding=padding)
    assert sealing_key_id_untrusted(envelope) == BOB.sealing_key.key_id
    assert _open(envelope) == PAYLOAD


def test_the_layout_is_that_of_the_page() -> None:
    envelope = _seal(padding=Padding.NONE)
    payload_size = 7 + len("alice") + 16 + len(PAYLOAD.body)
    assert len(envelope) == 5 + 1_120 + 4 + payload_size + 16
    assert envelope[:5] == b"\x01" + u32(BOB.sealing_key.key_id)
    encoded = PAYLOAD.encode()
    assert encoded == b"\x01\x01" + u32(1) + b"\x05alice" + PAYLOAD.tag + PAYLOAD.body
    assert _open(_seal_plaintext(pad(encoded, Padding.NONE))) == PAYLOAD


def _with_every_part() -> bytes:
    """A first message that also attaches and answers: more than our rules ever put together."""
    alice, _ = begin(DRAW)
    fields = KemFields(b"k" * 1_184, b"c" * 1_088)
    message = encrypt(claiming(alice, fields), LONG_TEXT, DRAW)[1]
    assert message[1] == 7
    return message


def _sendings() -> dict[str, bytes]:
    """A text of 500 bytes in each kind of ratchet message."""
    asking, asked, question = attached(DRAW)
    asked, _ = decrypt(asked, question, NOW_MS)
    return {
        "a text": encrypt(established(DRAW)[0], LONG_TEXT, DRAW)[1],
        "a short text": encrypt(established(DRAW)[0], b"", DRAW)[1],
        "a handshake": encrypt(begin(DRAW)[0], LONG_TEXT, DRAW)[1],
        "a KEM key": encrypt(asking, LONG_TEXT, DRAW)[1],
        "a KEM ciphertext": encrypt(asked, LONG_TEXT, DRAW)[1],
    }


def test_texts_handshakes_and_kem_fields_look_alike() -> None:
    """A text of 500 bytes, the longest name: whatever the header carries, the size is one."""
    longest = DeviceAddress(Name("a" * MAX_NAME_BYTES))
    messages = _sendings()
    assert sorted(message[1] for message in messages.values()) == [0, 0, 1, 2, 4]
    sizes = {len(_seal(replace(PAYLOAD, sender=longest, body=each))) for each in messages.values()}
    assert sizes == {5 + 1_120 + 4_096 + 16}


def test_all_optional_parts_at_once_still_fit() -> None:
    envelope = _seal(replace(PAYLOAD, body=_with_every_part()))
    assert len(envelope) == 5 + 1_120 + 4_096 + 16


@pytest.mark.parametrize(
    ("ours", "identity", "key"),
    [
        (MALLORY.address, BOB.identity.public, BOB.sealing_private),
        (DeviceAddress(Name("bob"), 2), BOB.identity.public, BOB.sealing_private),
        (BOB.address, MALLORY.identity.public, BOB.sealing_private),
        (BOB.address, BOB.identity.public, MALLORY.sealing_private),
    ],
    ids=["name", "device", "identity", "key"],
)
def test_an_envelope_opens_for_nobody_else(
    ours: DeviceAddress, identity: bytes, key: SealingPrivateKey
) -> None:
    with pytest.raises(DecryptionFailed):
        open_envelope_untrusted(_seal(), ours, identity, key)


def test_another_key_id_in_front_does_not_open() -> None:
    envelope = bytearray(_seal())
    envelope[4] ^= 1
    with pytest.raises(DecryptionFailed):
        _open(bytes(envelope))


def test_flipped_bits_are_refused() -> None:
    envelope = _seal(padding=Padding.NONE)
    for position in [*range(40), *range(40, len(envelope) * 8, 13)]:
        forged = bytearray(envelope)
        forged[position // 8] ^= 1 << position % 8
        with pytest.raises(PeerError):
            _open(bytes(forged))


def test_truncations_are_refused() -> None:
    envelope = _seal(padding=Padding.NONE)
    for size in [*range(8), *range(8, len(envelope), 29), len(envelope) - 1]:
        with pytest.raises(PeerError):
            _open(envelope[:size])
    with pytest.raises(PeerError):
        _open(envelope + b"\0")


@pytest.mark.parametrize("point", LOW_ORDER, ids=lambda key: key.hex()[:8])
def test_points_of_low_order_in_an_envelope_are_refused(point: bytes) -> None:
    envelope = _seal()
    with pytest.raises(DecryptionFailed):
        _open(envelope[: 5 + 1_088] + point + envelope[5 + 1_120 :])


@pytest.mark.parametrize(
    "key",
    [
        BOB.sealing_key.key[:1_184] + bytes(32),
        b"\xff" * 1_184 + BOB.sealing_key.key[1_184:],
        BOB.sealing_key.key[:-1],
        b"",
    ],
    ids=["low order", "coefficient", "short", "empty"],
)
def test_unusable_sealing_keys_are_refused(key: bytes) -> None:
    hostile = replace(BOB.sealing_key, key=key)
    with pytest.raises(BadPublicKey):
        seal(PAYLOAD, BOB.address, BOB.identity.public, hostile, Padding.NONE)


def test_an_envelope_over_the_limit_is_our_callers_fault() -> None:
    with pytest.raises(TooLong):
        _seal(replace(PAYLOAD, body=bytes(MAX_ENVELOPE_BYTES)))


def test_p6_an_envelope_over_the_limit_is_refused_unread() -> None:
    with pytest.raises(WireError):
        _open(bytes(MAX_ENVELOPE_BYTES + 1))


def test_another_version_is_told_apart() -> None:
    with pytest.raises(UnsupportedVersion):
        _open(b"\x02" + _seal()[1:])


@pytest.mark.parametrize(
    ("error", "payload"),
    [
        (WireError, b""),
        (WireError, b"\x01\x01\x00\x00\x00\x01"),
        (UnsupportedVersion, b"\x02\x01\x00\x00\x00\x01\x05alice"),
        (UnsupportedVersion, b"\x01\x02\x00\x00\x00\x01\x05alice"),
        (WireError, b"\x01\x01\x00\x00\x00\x01\x00" + TAG),
        (WireError, b"\x01\x01\x00\x00\x00\x01\x06alice"),
        (WireError, b"\x01\x01\x00\x00\x00\x01\x05alice" + TAG[1:]),
        (WireError, b"\x01\x01\x00\x00\x00\x01\x05Alice" + TAG),
        (WireError, b"\x01\x01\x00\x00\x00\x01\x05\xe9lice" + TAG),
        (WireError, b"\x01\x01\x00\x00\x00\x01\x05ali\x1b[" + TAG),
    ],
    ids=[
        "empty",
        "short",
        "version",
        "kind",
        "no name",
        "cut",
        "cut tag",
        "case",
        "not ascii",
        "escape",
    ],
)
def test_hostile_payloads_are_refused(error: type[PeerError], payload: bytes) -> None:
    with pytest.raises(error):
        SealedPayload.decode_untrusted(payload)
    with pytest.raises(error):
        _open(_seal_plaintext(pad(payload, Padding.NONE)))


def test_hostile_padding_is_refused() -> None:
    for plaintext in (b"", b"\0\0\0", u32(100) + PAYLOAD.encode(), u32(0) + b"\x01"):
        with pytest.raises(WireError):
            _open(_seal_plaintext(plaintext))
