"""X25519: key pairs and Diffie-Hellman.

Spec: docs/protocol.md#keys, RFC 7748
"""

from dataclasses import dataclass
from typing import Final

from nacl import bindings
from nacl.exceptions import CryptoError

from protocol.errors import BadPublicKey
from protocol.randomness import RandomBytes
from protocol.secret import Secret
from protocol.signing import SigningKey

CURVE_KEY_BYTES: Final = 32


class CurvePrivateKey(Secret):
    """Private X25519 key: the 32 random bytes of RFC 7748."""

    __slots__ = ()


class DhSecret(Secret):
    """What two X25519 keys agree on. Input of a KDF only, never itself a key."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class CurveKeyPair:
    """An X25519 pair; the public half is kept because deriving it costs 20 us."""

    private: CurvePrivateKey
    public: bytes


def curve_public_of(private: CurvePrivateKey) -> bytes:
    """Give the 32-byte public key of ``private``."""
    return bindings.crypto_scalarmult_base(private.expose())


def make_curve_pair(random_bytes: RandomBytes) -> CurveKeyPair:
    """Draw a new X25519 pair."""
    return curve_pair_of(CurvePrivateKey(random_bytes(CURVE_KEY_BYTES)))


def curve_pair_of(private: CurvePrivateKey) -> CurveKeyPair:
    """Give the pair ``private`` belongs to."""
    return CurveKeyPair(private, curve_public_of(private))


def dh(private: CurvePrivateKey, public: bytes) -> DhSecret:
    """Agree on a secret with the owner of ``public``.

    Spec: docs/protocol.md#conventions (an all-zero result is refused)

    Args:
        public: the peer's 32 bytes, of any origin.

    Raises:
        BadPublicKey: a wrong size, or a point of low order. With one of those
            the result would be zero whatever our key: a secret that is none.
    Cost: about 33 us.
    """
    # The binding reads 32 bytes whatever it is given, past the end of a shorter key.
    agreement = _scalarmult(private, public) if len(public) == CURVE_KEY_BYTES else None
    if agreement is None:
        raise BadPublicKey("X25519 key")
    return agreement


def _scalarmult(private: CurvePrivateKey, public: bytes) -> DhSecret | None:
    """Multiply, or give None for a result of zero.

    The binding's exception ends here and is no error's cause: its traceback
    holds the private key, and a peer can provoke it.
    """
    try:
        return DhSecret(bindings.crypto_scalarmult(private.expose(), public))
    except CryptoError:
        return None


def identity_to_curve_private(key: SigningKey) -> CurvePrivateKey:
    """Give the X25519 form of an Ed25519 identity key, for Diffie-Hellman only."""
    _, expanded = bindings.crypto_sign_seed_keypair(key.expose())
    return CurvePrivateKey(bindings.crypto_sign_ed25519_sk_to_curve25519(expanded))


def identity_to_curve_public(identity: bytes) -> bytes:
    """Give the X25519 form of a 32-byte Ed25519 identity.

    Raises:
        BadPublicKey: not 32 bytes, or no point of the prime-order group.
    """
    try:
        return bindings.crypto_sign_ed25519_pk_to_curve25519(identity)
    except CryptoError as error:
        raise BadPublicKey("identity key") from error
