"""PQXDH: both sides come to one secret, or to none."""

from dataclasses import fields, replace
from typing import Any, cast

import pytest

from protocol.e2ee.curve import make_curve_pair
from protocol.e2ee.handshake import (
    HandshakePrekeys,
    HandshakeResult,
    initiate,
    respond,
)
from protocol.e2ee.handshake_header import HANDSHAKE_HEADER_BYTES, HandshakeHeader, KemKind
from protocol.e2ee.identity import LocalDevice
from protocol.e2ee.kem import make_kem_seed
from protocol.e2ee.transcript import Transcript
from protocol.errors import BadPublicKey, HandshakeRefused, WireError
from protocol.ids import DeviceAddress, Name
from tests.protocol.e2ee.parties import party
from tests.support.randomness import SeededBytes

ALICE, BOB, MALLORY = party("alice"), party("bob"), party("mallory")


def _initiate(one_time: bool = True) -> tuple[HandshakeHeader, HandshakeResult]:
    bundle = BOB.bundle(one_time=one_time)
    return initiate(ALICE.device, BOB.address, bundle, SeededBytes("initiate"))


@pytest.mark.parametrize("one_time", [True, False])
def test_both_sides_come_to_one_secret(one_time: bool) -> None:
    header, ours = _initiate(one_time)
    theirs = respond(BOB.device, ALICE.address, header, BOB.prekeys(one_time=one_time))
    assert ours == theirs
    assert len(ours.associated_data) == 32
    assert ours.session_id == ours.associated_data[:16]
    assert header.kem_kind is (KemKind.ONE_TIME if one_time else KemKind.LAST_RESORT)


def test_each_handshake_has_its_own_secret() -> None:
    assert _initiate()[1].shared_secret != _initiate()[1].shared_secret


View = tuple[LocalDevice, DeviceAddress, HandshakeHeader]


def _different_views(header: HandshakeHeader) -> dict[str, View]:
    """Give what a responder sees when one thing is not as the initiator saw it."""
    bob, alice = BOB.device, ALICE.address
    ciphertext = bytes([header.kem_ciphertext[0] ^ 1]) + header.kem_ciphertext[1:]
    other_key = make_curve_pair(SeededBytes("other")).public
    return {
        "initiator's name": (bob, MALLORY.address, header),
        "initiator's device": (bob, DeviceAddress(alice.name, 2), header),
        "responder's name": (replace(bob, address=MALLORY.address), alice, header),
        "responder's device": (replace(bob, address=DeviceAddress(Name("bob"), 2)), alice, header),
        "initiator's identity": (bob, alice, replace(header, identity=MALLORY.identity.public)),
        "responder's identity": (replace(bob, identity=MALLORY.identity), alice, header),
        "ephemeral key": (bob, alice, replace(header, ephemeral_key=other_key)),
        "signed prekey id": (bob, alice, replace(header, signed_prekey_id=99)),
        "KEM id": (bob, alice, replace(header, kem_id=99)),
        "KEM ciphertext": (bob, alice, replace(header, kem_ciphertext=ciphertext)),
    }


@pytest.mark.parametrize("what", _different_views(_initiate()[0]))
def test_sides_with_different_views_get_different_secrets(what: str) -> None:
    header, ours = _initiate()
    device, peer, seen = _different_views(header)[what]
    theirs = respond(device, peer, seen, BOB.prekeys())
    assert theirs.shared_secret != ours.shared_secret
    assert theirs.session_id != ours.session_id


@pytest.mark.parametrize("which", ["signed_prekey", "kem", "one_time_key"])
def test_the_wrong_private_prekey_gives_another_secret(which: str) -> None:
    header, ours = _initiate()
    random_bytes = SeededBytes("wrong")
    wrong: Any = make_curve_pair(random_bytes).private
    if which == "kem":
        wrong = make_kem_seed(random_bytes)
    prekeys = replace(BOB.prekeys(), **{which: wrong})
    theirs = respond(BOB.device, ALICE.address, header, prekeys)
    assert theirs.shared_secret != ours.shared_secret


def test_every_field_of_the_transcript_counts() -> None:
    transcript = Transcript(
        ALICE.address, BOB.address, b"a" * 32, b"b" * 32, b"e" * 32, 1, b"s" * 32, b"o" * 32, 2,
        b"k" * 1184, b"c" * 1088,
    )  # fmt: skip
    digests = {transcript.digest()}
    for field in fields(Transcript):
        value, other = getattr(transcript, field.name), cast(Any, None)
        if isinstance(value, DeviceAddress):
            other = MALLORY.address
        elif isinstance(value, int):
            other = value + 1
        else:
            other = bytes([value[0] ^ 1]) + value[1:]
        digests.add(replace(transcript, **{field.name: other}).digest())
    digests.add(replace(transcript, one_time_key=None).digest())
    assert len(digests) == 1 + len(fields(Transcript)) + 1


@pytest.mark.parametrize("one_time", [True, False])
def test_a_kind_that_does_not_fit_the_prekeys_is_refused(one_time: bool) -> None:
    header, _ = _initiate(one_time)
    with pytest.raises(HandshakeRefused):
        respond(BOB.device, ALICE.address, header, BOB.prekeys(one_time=not one_time))


@pytest.mark.parametrize("field", ["identity", "ephemeral_key"])
@pytest.mark.parametrize("key", [bytes(32), b"\x01" + bytes(31)], ids=["zero", "one"])
def test_keys_of_low_order_in_a_header_are_refused(field: str, key: bytes) -> None:
    header, _ = _initiate()
    change: dict[str, Any] = {field: key}
    with pytest.raises(BadPublicKey):
        respond(BOB.device, ALICE.address, replace(header, **change), BOB.prekeys())


def test_keys_of_low_order_in_a_bundle_are_refused() -> None:
    bundle = BOB.bundle()
    hostile = [
        replace(bundle, identity=bytes(32)),
        replace(bundle, signed_prekey=replace(bundle.signed_prekey, key=bytes(32))),
        replace(bundle, one_time_key=bytes(32)),
        replace(bundle, kem=replace(bundle.kem, key=b"\xff" * 1_184)),
    ]
    for each in hostile:
        with pytest.raises(BadPublicKey):
            initiate(ALICE.device, BOB.address, each, SeededBytes("hostile"))


def test_a_header_has_1161_bytes_and_comes_back() -> None:
    header, _ = _initiate()
    encoded = header.encode()
    assert len(encoded) == HANDSHAKE_HEADER_BYTES == 1_161
    assert encoded[:32] == ALICE.identity.public
    assert encoded[64:69] == (11).to_bytes(4) + b"\x01"
    assert encoded[69:73] == (13).to_bytes(4)
    assert HandshakeHeader.decode_untrusted(encoded) == header


def test_malformed_headers_are_refused() -> None:
    encoded = _initiate()[0].encode()
    for bad in (b"", encoded[:-1], encoded + b"\0", encoded[:68] + b"\x02" + encoded[69:]):
        with pytest.raises(WireError):
            HandshakeHeader.decode_untrusted(bad)


def test_the_responder_needs_no_more_than_the_header() -> None:
    header, ours = _initiate()
    arrived = HandshakeHeader.decode_untrusted(header.encode())
    prekeys = HandshakePrekeys(
        BOB.signed_private, BOB.one_time_private.kem, BOB.one_time_private.curve
    )
    assert respond(BOB.device, ALICE.address, arrived, prekeys) == ours
