"""Prekeys: what is signed, what a sender refuses, how private halves are stored."""

from dataclasses import replace

import pytest

from protocol.e2ee.curve import curve_public_of
from protocol.e2ee.kem import kem_public_of
from protocol.e2ee.prekey_secrets import OneTimePrivate, SealingPrivateKey
from protocol.e2ee.prekeys import make_signed_prekey, verify_bundle, verify_sealing_key
from protocol.errors import BadPublicKey, BadSignature, BundleRefused, DamagedState
from protocol.ids import DeviceAddress, Name
from protocol.labels import Label
from protocol.limits import MAX_BUNDLE_AGE_MS, MAX_BUNDLE_AHEAD_MS
from protocol.records import KEM_PUBLIC_BYTES, PrekeyBundle, prekey_fields
from protocol.signing import sign
from tests.protocol.e2ee.parties import NOW_MS, party
from tests.support.randomness import SeededBytes

BOB = party("bob")


@pytest.mark.parametrize("one_time", [True, False])
def test_a_fresh_bundle_is_accepted(one_time: bool) -> None:
    verify_bundle(BOB.bundle(one_time=one_time), BOB.address, NOW_MS, None)


def test_private_halves_belong_to_the_records() -> None:
    assert curve_public_of(BOB.signed_private) == BOB.signed_prekey.key
    assert kem_public_of(BOB.last_resort_private) == BOB.last_resort.key
    assert curve_public_of(BOB.one_time_private.curve) == BOB.one_time.curve_key
    assert kem_public_of(BOB.one_time_private.kem) == BOB.one_time.kem.key
    sealing = BOB.sealing_private
    assert kem_public_of(sealing.kem) + curve_public_of(sealing.curve) == BOB.sealing_key.key


def test_the_same_randomness_makes_the_same_prekey() -> None:
    one = make_signed_prekey(BOB.identity, BOB.address, 1, NOW_MS, SeededBytes("same"))
    other = make_signed_prekey(BOB.identity, BOB.address, 1, NOW_MS, SeededBytes("same"))
    assert one == other


def _tampered() -> dict[str, PrekeyBundle]:
    bundle, mallory = BOB.bundle(), party("mallory")
    signed, kem, sealing = bundle.signed_prekey, bundle.kem, bundle.sealing_key
    return {
        "another identity": replace(bundle, identity=mallory.identity.public),
        "a swapped signed prekey": replace(bundle, signed_prekey=mallory.signed_prekey),
        "a swapped key": replace(
            bundle, signed_prekey=replace(signed, key=mallory.signed_prekey.key)
        ),
        "another id": replace(bundle, signed_prekey=replace(signed, key_id=signed.key_id + 1)),
        "a fresher date": replace(
            bundle, signed_prekey=replace(signed, issued_at_ms=signed.issued_at_ms + 1)
        ),
        "a swapped KEM prekey": replace(bundle, kem=mallory.one_time.kem),
        "a last resort as one-time": replace(bundle, kem=BOB.last_resort),
        "a one-time as last resort": replace(bundle, one_time_key=None),
        "another KEM id": replace(bundle, kem=replace(kem, key_id=kem.key_id + 1)),
        "a swapped sealing key": replace(bundle, sealing_key=mallory.sealing_key),
        "a broken signature": replace(bundle, sealing_key=replace(sealing, signature=bytes(64))),
    }


@pytest.mark.parametrize("what", _tampered())
def test_p7_a_tampered_bundle_is_refused(what: str) -> None:
    with pytest.raises(BadSignature):
        verify_bundle(_tampered()[what], BOB.address, NOW_MS, None)


@pytest.mark.parametrize(
    "owner", [party("mallory").address, DeviceAddress(BOB.address.name, 2)], ids=["name", "device"]
)
def test_p7_a_bundle_stands_for_its_owner_only(owner: DeviceAddress) -> None:
    with pytest.raises(BadSignature):
        verify_bundle(BOB.bundle(), owner, NOW_MS, None)


def test_a_bundle_is_refused_when_old() -> None:
    verify_bundle(BOB.bundle(), BOB.address, NOW_MS + MAX_BUNDLE_AGE_MS, None)
    with pytest.raises(BundleRefused):
        verify_bundle(BOB.bundle(), BOB.address, NOW_MS + MAX_BUNDLE_AGE_MS + 1, None)


def test_what_is_dated_ahead_is_refused() -> None:
    early_ms = NOW_MS - MAX_BUNDLE_AHEAD_MS
    verify_bundle(BOB.bundle(), BOB.address, early_ms, None)
    with pytest.raises(BundleRefused, match="future"):
        verify_bundle(BOB.bundle(), BOB.address, early_ms - 1, None)
    identity = BOB.identity.public
    verify_sealing_key(BOB.sealing_key, identity, BOB.address, early_ms, None)
    with pytest.raises(BundleRefused, match="future"):
        verify_sealing_key(BOB.sealing_key, identity, BOB.address, early_ms - 1, None)


def test_a_date_seen_under_a_wrong_clock_bars_nothing() -> None:
    ahead_ms = NOW_MS + MAX_BUNDLE_AHEAD_MS
    with pytest.raises(BundleRefused):
        verify_bundle(BOB.bundle(), BOB.address, NOW_MS, ahead_ms)
    verify_bundle(BOB.bundle(), BOB.address, NOW_MS, ahead_ms + 1, ahead_ms + 1)


def test_a_bundle_is_refused_when_a_newer_one_was_seen() -> None:
    verify_bundle(BOB.bundle(), BOB.address, NOW_MS, NOW_MS, NOW_MS)
    with pytest.raises(BundleRefused, match="signed prekey"):
        verify_bundle(BOB.bundle(), BOB.address, NOW_MS, NOW_MS + 1)
    with pytest.raises(BundleRefused, match="sealing key"):
        verify_bundle(BOB.bundle(), BOB.address, NOW_MS, None, NOW_MS + 1)


def test_a_sealing_key_is_checked_like_a_bundle() -> None:
    key, identity = BOB.sealing_key, BOB.identity.public
    verify_sealing_key(key, identity, BOB.address, NOW_MS, NOW_MS)
    with pytest.raises(BadSignature):
        verify_sealing_key(key, party("mallory").identity.public, BOB.address, NOW_MS, None)
    with pytest.raises(BadSignature):
        verify_sealing_key(key, identity, DeviceAddress(Name("mallory")), NOW_MS, None)
    with pytest.raises(BundleRefused):
        verify_sealing_key(key, identity, BOB.address, NOW_MS + MAX_BUNDLE_AGE_MS + 1, None)
    with pytest.raises(BundleRefused):
        verify_sealing_key(key, identity, BOB.address, NOW_MS, NOW_MS + 1)


@pytest.mark.parametrize(
    "key",
    [
        b"\xff" * KEM_PUBLIC_BYTES + BOB.sealing_key.key[KEM_PUBLIC_BYTES:],
        BOB.sealing_key.key[:KEM_PUBLIC_BYTES] + bytes(32),
    ],
    ids=["no ML-KEM-768 key", "all-zero X25519 results"],
)
def test_p6_a_sealing_key_that_is_none_is_refused_though_it_is_signed(key: bytes) -> None:
    """Else a contact could publish one, and stop whoever has something to say to it."""
    unsigned = replace(BOB.sealing_key, key=key)
    fields = prekey_fields(BOB.address, unsigned)
    signature = sign(BOB.identity.private, Label.SEALING_KEY, *fields)
    record = replace(unsigned, signature=signature)
    with pytest.raises(BadPublicKey):
        verify_sealing_key(record, BOB.identity.public, BOB.address, NOW_MS, None)
    with pytest.raises(BadPublicKey):
        verify_bundle(replace(BOB.bundle(), sealing_key=record), BOB.address, NOW_MS, None)


def test_private_halves_come_back_from_the_store() -> None:
    one_time, sealing = BOB.one_time_private, BOB.sealing_private
    assert OneTimePrivate.from_bytes(one_time.to_bytes()) == one_time
    assert SealingPrivateKey.from_bytes(sealing.to_bytes()) == sealing


@pytest.mark.parametrize("stored", [b"", bytes(95), bytes(97)])
@pytest.mark.parametrize("kind", [OneTimePrivate, SealingPrivateKey])
def test_damaged_private_halves_are_refused(
    kind: type[OneTimePrivate] | type[SealingPrivateKey], stored: bytes
) -> None:
    with pytest.raises(DamagedState):
        kind.from_bytes(stored)
