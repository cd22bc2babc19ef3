"""Reading the one thing that counts in a relay's certificate: its Ed25519 key.

Spec: docs/protocol.md#transport
"""

import hashlib
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from client.errors import RelayUnreachable


@dataclass(frozen=True, slots=True)
class RelayKey:
    """The key a relay showed: 32 raw bytes, and its fingerprint in hexadecimal."""

    raw: bytes
    fingerprint: str


def read_relay_key(certificate: bytes | None) -> RelayKey:
    """Give the Ed25519 key of a DER certificate.

    Names, dates and signature of the certificate are not looked at: whoever passed the TLS
    handshake holds the private key, and the key alone is compared with the pin.

    Raises:
        RelayUnreachable: there is no certificate, its key is not Ed25519, or it
            is 32 zero bytes, which stand for "no TLS" in signed statements.
    """
    try:
        key = x509.load_der_x509_certificate(certificate or b"").public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _not_a_relay() from error
    if not isinstance(key, Ed25519PublicKey) or not any(key.public_bytes_raw()):
        raise _not_a_relay()
    return RelayKey(key.public_bytes_raw(), _fingerprint(key))


def fingerprint_of(raw: bytes) -> str:
    """Give the fingerprint of a 32-byte Ed25519 key, as an address pins it."""
    return _fingerprint(Ed25519PublicKey.from_public_bytes(raw))


def _fingerprint(key: Ed25519PublicKey) -> str:
    info = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(info).hexdigest()


def _not_a_relay() -> RelayUnreachable:
    return RelayUnreachable(
        "What answers there is not a Glasspost relay.",
        why="What answers there shows no Ed25519 certificate.",
        hint="Check the host and port of --relay.",
    )
