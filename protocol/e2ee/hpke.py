"""HPKE with a hybrid KEM: one-shot sealing of bytes to a key pair.

    ML-KEM-768 ciphertext (1,088) || X25519 key (32) || ChaCha20-Poly1305 ciphertext and tag

A public key is an ML-KEM-768 key, then an X25519 key (1,216 bytes). HPKE takes
no associated data here: what has to be bound goes into ``info``.

Spec: docs/protocol.md#sealed-envelope, RFC 9180
"""

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from protocol.e2ee.curve import CURVE_KEY_BYTES, CurvePrivateKey, curve_public_of, dh
from protocol.e2ee.kem import kem_public_of
from protocol.e2ee.prekey_secrets import SealingPrivateKey
from protocol.errors import BadPublicKey, DecryptionFailed
from protocol.records import KEM_PUBLIC_BYTES

ENCAPSULATED_BYTES: Final = 1_120
SEAL_OVERHEAD_BYTES: Final = ENCAPSULATED_BYTES + 16

_SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)

# With a point of low order every private key makes zeros, with any other none does.
_ANY_PRIVATE = CurvePrivateKey(bytes(CURVE_KEY_BYTES))


def seal_to(public: bytes, plaintext: bytes, info: bytes) -> bytes:
    """Seal ``plaintext`` to the owner of ``public`` (1,216 bytes), bound to ``info``.

    The library draws the randomness itself.

    Returns:
        The plaintext's size and SEAL_OVERHEAD_BYTES more.

    Raises:
        BadPublicKey: the key is not usable.
    """
    try:
        return _SUITE.encrypt(plaintext, _public_key(public), info)
    except ValueError as error:
        raise BadPublicKey("sealing key") from error


def open_sealed_untrusted(sealed: bytes, key: SealingPrivateKey, info: bytes, what: str) -> bytes:
    """Open what :func:`seal_to` gave.

    Args:
        what: names the sealed thing in the error.

    Raises:
        DecryptionFailed: it was changed, or sealed to another key or info.
    Cost: one decapsulation and one X25519 operation, about 300 us.
    """
    try:
        return _SUITE.decrypt(sealed, _private_key(key), info)
    except (InvalidTag, ValueError) as error:
        raise DecryptionFailed(what) from error


def require_usable(sealing_key: bytes) -> None:
    """Check that something can be sealed to a key of 1,216 bytes.

    A key may be signed as it should be, and be none: better found when it comes
    than when a message waits for it.

    Raises:
        BadPublicKey: its ML-KEM-768 half is none, or its X25519 half is of low order.
    Cost: one X25519 operation, and reading the key: about 70 us.
    """
    try:
        _public_key(sealing_key)
    except ValueError as error:
        raise BadPublicKey("sealing key") from error
    dh(_ANY_PRIVATE, sealing_key[KEM_PUBLIC_BYTES:])


def sealing_public_of(key: SealingPrivateKey) -> bytes:
    """Give the 1,216-byte public key of ``key``."""
    return kem_public_of(key.kem) + curve_public_of(key.curve)


def _public_key(raw: bytes) -> hpke.MLKEM768X25519PublicKey:
    kem, curve = raw[:KEM_PUBLIC_BYTES], raw[KEM_PUBLIC_BYTES:]
    return hpke.MLKEM768X25519PublicKey(
        MLKEM768PublicKey.from_public_bytes(kem), X25519PublicKey.from_public_bytes(curve)
    )


def _private_key(key: SealingPrivateKey) -> hpke.MLKEM768X25519PrivateKey:
    return hpke.MLKEM768X25519PrivateKey(
        MLKEM768PrivateKey.from_seed_bytes(key.kem.expose()),
        X25519PrivateKey.from_private_bytes(key.curve.expose()),
    )
