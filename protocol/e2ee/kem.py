"""ML-KEM-768: the key encapsulation that a quantum computer does not open.

One side publishes a key; the other *encapsulates* to it: it gets a secret and a
ciphertext that only the private half turns into the same secret.

Spec: docs/protocol.md#keys, FIPS 203
"""

from typing import ClassVar

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey

from protocol.errors import BadPublicKey, DecryptionFailed
from protocol.randomness import RandomBytes
from protocol.records import KEM_CIPHERTEXT_BYTES
from protocol.secret import Secret

KEM_SEED_BYTES = 64


class KemSeed(Secret):
    """Private ML-KEM-768 key: the 64-byte seed ``d || z`` of FIPS 203."""

    __slots__ = ()
    SIZE: ClassVar[int | None] = KEM_SEED_BYTES


class KemSecret(Secret):
    """What an encapsulation agrees on. Input of a KDF only, never itself a key."""

    __slots__ = ()


def make_kem_seed(random_bytes: RandomBytes) -> KemSeed:
    """Draw a new ML-KEM-768 private key."""
    return KemSeed(random_bytes(KEM_SEED_BYTES))


def kem_public_of(seed: KemSeed) -> bytes:
    """Give the 1,184-byte public key of ``seed`` (about 110 us)."""
    return _private(seed).public_key().public_bytes_raw()


def require_kem_public(public: bytes) -> None:
    """Refuse a public key that nothing can be encapsulated to.

    Args:
        public: of any origin.

    Raises:
        BadPublicKey: not 1,184 bytes, or a coefficient out of range.
    Cost: about 40 us.
    """
    _public(public)


def encapsulate(public: bytes) -> tuple[bytes, KemSecret]:
    """Agree on a secret with the owner of ``public``.

    The library draws the randomness itself, so no test can repeat a ciphertext.

    Args:
        public: 1,184 bytes, of any origin.

    Returns:
        The 1,088-byte ciphertext for the owner, and our secret.

    Raises:
        BadPublicKey: a wrong size, or a coefficient out of range.
    """
    secret, ciphertext = _public(public).encapsulate()
    return ciphertext, KemSecret(secret)


def decapsulate(seed: KemSeed, ciphertext: bytes) -> KemSecret:
    """Give the secret that ``ciphertext`` carries.

    A forged ciphertext is not noticed here: it gives an unrelated secret, and
    whatever is derived from that fails (FIPS 203, implicit rejection).

    Raises:
        DecryptionFailed: ``ciphertext`` is not 1,088 bytes.
    Cost: about 150 us.
    """
    if len(ciphertext) != KEM_CIPHERTEXT_BYTES:
        raise DecryptionFailed("ML-KEM-768 ciphertext")
    return KemSecret(_private(seed).decapsulate(ciphertext))


def _public(public: bytes) -> MLKEM768PublicKey:
    try:
        return MLKEM768PublicKey.from_public_bytes(public)
    except ValueError as error:
        raise BadPublicKey("ML-KEM-768 key") from error


def _private(seed: KemSeed) -> MLKEM768PrivateKey:
    return MLKEM768PrivateKey.from_seed_bytes(seed.expose())
