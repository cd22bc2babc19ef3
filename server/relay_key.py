"""A service's one key: its identity in TLS, and in every login (a relay) or log (a vault).

Made at the first start and kept in ``relay.key`` or ``vault.key``, together with the self-signed
certificate that TLS wants around it. Clients look at the key only.

Spec: docs/protocol.md#transport
"""

import hashlib
import os
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.x509.oid import NameOID

from protocol.signing import SigningKey

_SEED_BYTES: Final = 32

# Nobody checks the dates; fixed ones keep the certificate a function of the key.
_NOT_BEFORE: Final = datetime(2020, 1, 1, tzinfo=UTC)
_NOT_AFTER: Final = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class RelayKey:
    """The public half, as others see it; the private half stays in its file.

    Attributes:
        public_key: 32 bytes, Ed25519.
        fingerprint: SHA-256 of the SubjectPublicKeyInfo in hexadecimal.
        tls: a server-side context for TLS 1.3 with this key.
    """

    public_key: bytes
    fingerprint: str
    tls: ssl.SSLContext


def load_or_make(path: Path, random_bytes: Callable[[int], bytes]) -> RelayKey:
    """Load the key in ``path``, making it first if there is none.

    Raises:
        OSError: the file cannot be read or written.
        ValueError: it does not hold an Ed25519 key and its certificate.
    """
    if not path.exists():
        _write_atomically(
            path, _pem_of(Ed25519PrivateKey.from_private_bytes(random_bytes(_SEED_BYTES)))
        )
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    public = certificate.public_key()
    if not isinstance(public, Ed25519PublicKey):
        raise ValueError("the relay's key is not an Ed25519 key")
    return RelayKey(public.public_bytes_raw(), _fingerprint(public), _tls_context(path))


def read_signing_key(path: Path) -> SigningKey:
    """Read the private half of a key that :func:`load_or_make` has loaded, to sign with it.

    TLS 1.3 signs what begins with 64 spaces, and we sign what begins with the length of a
    label: neither can pass for the other.
    """
    private = serialization.load_pem_private_key(path.read_bytes(), None)
    if not isinstance(private, Ed25519PrivateKey):
        raise ValueError("the key is not an Ed25519 key")
    return SigningKey(private.private_bytes_raw())


def _tls_context(path: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    # Every login is signed anyway; tickets would be state without a use.
    context.num_tickets = 0
    try:
        context.load_cert_chain(path)
    except ssl.SSLError as error:
        raise ValueError("the relay's key does not load") from error
    return context


def _fingerprint(public: Ed25519PublicKey) -> str:
    info = public.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.sha256(info).hexdigest()


def _pem_of(key: Ed25519PrivateKey) -> bytes:
    """Give the private key and its certificate, as ssl wants them in one file."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "glasspost")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(_NOT_BEFORE)
        .not_valid_after(_NOT_AFTER)
        .sign(key, None)
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)


def _write_atomically(path: Path, data: bytes) -> None:
    """Write a file of mode 0600 that is there whole and durable, or not at all."""
    unfinished = path.with_name(path.name + ".new")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
