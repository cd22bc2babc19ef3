"""The keys a sleeping device leaves with the relay, and what a sender checks.

    signed prekey     X25519        stands for the device in every handshake
    one-time pair     X25519 + KEM  used by one handshake only, then gone
    last resort       KEM           when the shelf of one-time pairs is empty
    sealing key       KEM + X25519  what envelopes are sealed to

Each record is signed by the identity under its own label, so that the relay can
neither swap one nor pass off one kind as another. Storing the private halves,
and when to rotate, is the client's business.

Spec: docs/protocol.md#prekeys
"""

from protocol.e2ee.curve import CurvePrivateKey, make_curve_pair
from protocol.e2ee.hpke import require_usable
from protocol.e2ee.identity import IdentityKeyPair
from protocol.e2ee.kem import KemSeed, kem_public_of, make_kem_seed
from protocol.e2ee.prekey_secrets import OneTimePrivate, SealingPrivateKey
from protocol.errors import BundleRefused
from protocol.ids import DeviceAddress
from protocol.labels import Label
from protocol.limits import MAX_BUNDLE_AGE_MS, MAX_BUNDLE_AHEAD_MS
from protocol.randomness import RandomBytes
from protocol.records import (
    OneTimePair,
    PrekeyBundle,
    SignedKemPrekey,
    SignedPrekey,
    SignedSealingKey,
    prekey_fields,
)
from protocol.signing import sign, verify

_UNSIGNED = bytes(64)


def make_signed_prekey(
    identity: IdentityKeyPair,
    owner: DeviceAddress,
    key_id: int,
    now_ms: int,
    random_bytes: RandomBytes,
) -> tuple[SignedPrekey, CurvePrivateKey]:
    """Draw and sign a medium-lived X25519 prekey.

    Args:
        owner: the device the record is for; the signature covers it.
        key_id: u32, never used before for a signed prekey of this device.
        now_ms: issue time; senders refuse the record when it gets old.
    """
    pair = make_curve_pair(random_bytes)
    unsigned = SignedPrekey(key_id, now_ms, pair.public, _UNSIGNED)
    signature = _sign(identity, Label.SIGNED_PREKEY, owner, unsigned)
    return SignedPrekey(key_id, now_ms, pair.public, signature), pair.private


def make_last_resort(
    identity: IdentityKeyPair,
    owner: DeviceAddress,
    key_id: int,
    now_ms: int,
    random_bytes: RandomBytes,
) -> tuple[SignedKemPrekey, KemSeed]:
    """Draw and sign the KEM prekey for when no one-time pair is left.

    Several senders may use it; arguments as for :func:`make_signed_prekey`.
    """
    return _make_kem_prekey(
        identity, Label.LAST_RESORT_KEM_PREKEY, owner, key_id, now_ms, random_bytes
    )


def make_one_time_pair(
    identity: IdentityKeyPair,
    owner: DeviceAddress,
    key_id: int,
    now_ms: int,
    random_bytes: RandomBytes,
) -> tuple[OneTimePair, OneTimePrivate]:
    """Draw a one-time X25519 key and a signed one-time KEM prekey under one id.

    Arguments as for :func:`make_signed_prekey`.
    """
    curve = make_curve_pair(random_bytes)
    record, seed = _make_kem_prekey(
        identity, Label.ONE_TIME_KEM_PREKEY, owner, key_id, now_ms, random_bytes
    )
    return OneTimePair(curve.public, record), OneTimePrivate(curve.private, seed)


def make_sealing_key(
    identity: IdentityKeyPair,
    owner: DeviceAddress,
    key_id: int,
    now_ms: int,
    random_bytes: RandomBytes,
) -> tuple[SignedSealingKey, SealingPrivateKey]:
    """Draw and sign the key that envelopes for this device are sealed to.

    Arguments as for :func:`make_signed_prekey`.
    """
    seed, curve = make_kem_seed(random_bytes), make_curve_pair(random_bytes)
    public = kem_public_of(seed) + curve.public
    unsigned = SignedSealingKey(key_id, now_ms, public, _UNSIGNED)
    signature = _sign(identity, Label.SEALING_KEY, owner, unsigned)
    private = SealingPrivateKey(seed, curve.private)
    return SignedSealingKey(key_id, now_ms, public, signature), private


def verify_bundle(
    bundle: PrekeyBundle,
    owner: DeviceAddress,
    now_ms: int,
    newest_seen_ms: int | None,
    newest_sealing_seen_ms: int | None = None,
) -> None:
    """Check that ``bundle`` was made by its identity for ``owner``, and not long ago.

    Whether that identity is the contact's is the caller's question: compare it
    with the pin. The one-time X25519 key is not signed, as in X3DH.

    Args:
        now_ms: the relay's clock as last heard.
        newest_seen_ms: issue time of the newest signed prekey seen from this
            contact, or None.
        newest_sealing_seen_ms: the same of its sealing keys.

    Raises:
        BadSignature: a record is not what the identity signed.
        BundleRefused: signed prekey or sealing key is over 45 days old, or
            older than one seen before: the relay may be replaying it; or it is
            dated over a day ahead.
        BadPublicKey: nothing can be sealed to its sealing key.
    Cost: three signatures and a look at the sealing key, about 270 us.
    """
    one_time = bundle.one_time_key is not None
    kem_label = Label.ONE_TIME_KEM_PREKEY if one_time else Label.LAST_RESORT_KEM_PREKEY
    prekey = bundle.signed_prekey
    _verify(bundle.identity, Label.SIGNED_PREKEY, owner, prekey)
    _verify(bundle.identity, kem_label, owner, bundle.kem)
    _require_fresh("signed prekey", prekey.issued_at_ms, now_ms, newest_seen_ms)
    verify_sealing_key(bundle.sealing_key, bundle.identity, owner, now_ms, newest_sealing_seen_ms)


def verify_sealing_key(
    record: SignedSealingKey,
    identity: bytes,
    owner: DeviceAddress,
    now_ms: int,
    newest_seen_ms: int | None,
) -> None:
    """Check that ``record`` was made by ``identity`` for ``owner``, and not long ago.

    Raises:
        BadSignature: it is not what the identity signed.
        BundleRefused: it is over 45 days old, older than one seen before, or
            dated over a day ahead.
        BadPublicKey: nothing can be sealed to it.
    """
    _verify(identity, Label.SEALING_KEY, owner, record)
    _require_fresh("sealing key", record.issued_at_ms, now_ms, newest_seen_ms)
    require_usable(record.key)


def _make_kem_prekey(
    identity: IdentityKeyPair,
    label: Label,
    owner: DeviceAddress,
    key_id: int,
    now_ms: int,
    random_bytes: RandomBytes,
) -> tuple[SignedKemPrekey, KemSeed]:
    seed = make_kem_seed(random_bytes)
    public = kem_public_of(seed)
    unsigned = SignedKemPrekey(key_id, now_ms, public, _UNSIGNED)
    signature = _sign(identity, label, owner, unsigned)
    return SignedKemPrekey(key_id, now_ms, public, signature), seed


def _sign(
    identity: IdentityKeyPair,
    label: Label,
    owner: DeviceAddress,
    record: SignedPrekey | SignedKemPrekey | SignedSealingKey,
) -> bytes:
    return sign(identity.private, label, *prekey_fields(owner, record))


def _verify(
    identity: bytes,
    label: Label,
    owner: DeviceAddress,
    record: SignedPrekey | SignedKemPrekey | SignedSealingKey,
) -> None:
    verify(identity, record.signature, label, *prekey_fields(owner, record))


def _require_fresh(what: str, issued_at_ms: int, now_ms: int, newest_seen_ms: int | None) -> None:
    if now_ms - issued_at_ms > MAX_BUNDLE_AGE_MS:
        raise BundleRefused(f"its {what} is too old")
    if issued_at_ms - now_ms > MAX_BUNDLE_AHEAD_MS:
        raise BundleRefused(f"its {what} is dated in the future")
    # A date that is itself ahead was accepted under a wrong clock: nothing could ever follow it.
    is_ahead = newest_seen_ms is not None and newest_seen_ms - now_ms > MAX_BUNDLE_AHEAD_MS
    if newest_seen_ms is not None and not is_ahead and issued_at_ms < newest_seen_ms:
        raise BundleRefused(f"its {what} is older than one seen before")
