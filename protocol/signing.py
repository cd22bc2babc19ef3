"""Labelled Ed25519 signatures.

Every signature is over the injective encoding of a label and fields, so that no
signature made for one purpose verifies for another.

Spec: docs/protocol.md#keys, RFC 8032
"""

from typing import ClassVar, Self

from nacl import bindings
from nacl.exceptions import CryptoError

from protocol.encoding import encode_fields
from protocol.errors import BadSignature
from protocol.labels import Label
from protocol.randomness import RandomBytes
from protocol.secret import Secret

SIGNING_KEY_BYTES = 32
PUBLIC_KEY_BYTES = 32
SIGNATURE_BYTES = 64


class SigningKey(Secret):
    """Private Ed25519 key: the 32-byte seed of RFC 8032."""

    __slots__ = ()
    SIZE: ClassVar[int | None] = SIGNING_KEY_BYTES

    @classmethod
    def generate(cls, random_bytes: RandomBytes) -> Self:
        """Draw a new one."""
        return cls(random_bytes(SIGNING_KEY_BYTES))


def public_key_of(key: SigningKey) -> bytes:
    """Give the 32-byte public key of ``key``."""
    public, _ = bindings.crypto_sign_seed_keypair(key.expose())
    return public


def sign(key: SigningKey, label: Label, *fields: bytes) -> bytes:
    """Sign ``fields`` for the purpose ``label``.

    Returns:
        The 64-byte signature.
    """
    _, private = bindings.crypto_sign_seed_keypair(key.expose())
    message = encode_fields(label, *fields)
    return bindings.crypto_sign(message, private)[:SIGNATURE_BYTES]


def verify(public_key: bytes, signature: bytes, label: Label, *fields: bytes) -> None:
    """Check that ``signature`` over ``fields`` was made for ``label`` by ``public_key``.

    Raises:
        BadSignature: it was not, or key or signature have a wrong size.
    Cost: one Ed25519 verification, about 60 us.
    """
    what = label.value.decode().rsplit("/", 1)[-1].replace("-", " ")
    if len(public_key) != PUBLIC_KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        raise BadSignature(what)
    try:
        bindings.crypto_sign_open(signature + encode_fields(label, *fields), public_key)
    except CryptoError as error:
        raise BadSignature(what) from error
