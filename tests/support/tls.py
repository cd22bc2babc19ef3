"""TLS as a client sees it: any certificate, and the key inside it looked at by hand."""

import hashlib
import ssl

import trio
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def client_context() -> ssl.SSLContext:
    """Give a context that takes whatever certificate comes."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def over_tls(stream: trio.abc.Stream) -> trio.SSLStream[trio.abc.Stream]:
    """Put the client's side of TLS around ``stream``."""
    return trio.SSLStream(stream, client_context())


def public_key_in(stream: trio.SSLStream[trio.abc.Stream]) -> Ed25519PublicKey:
    """Give the key that the far side showed in the handshake."""
    certificate = x509.load_der_x509_certificate(stream.getpeercert(binary_form=True))
    key = certificate.public_key()
    assert isinstance(key, Ed25519PublicKey)
    return key


def fingerprint_of(key: Ed25519PublicKey) -> str:
    """Give SHA-256 of the SubjectPublicKeyInfo."""
    info = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.sha256(info).hexdigest()
