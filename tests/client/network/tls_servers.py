"""Servers on real loopback sockets: with the right certificate, a wrong one, or none."""

import hashlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trio
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256

PrivateKey = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey
Serve = Callable[[trio.SocketStream], Awaitable[None]]


def fingerprint_of(key: PrivateKey) -> str:
    """Give the fingerprint as a relay prints it."""
    info = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.sha256(info).hexdigest()


def server_context(key: PrivateKey, folder: Path) -> ssl.SSLContext:
    """Give a TLS context with a self-signed (and long expired) certificate of ``key``."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "relay")])
    begin = datetime(2020, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, begin, begin + timedelta(days=1))
    ).sign(key, SHA256() if isinstance(key, ec.EllipticCurvePrivateKey) else None)
    both = folder / "relay.pem"
    both.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return context


@asynccontextmanager
async def serving(serve: Serve) -> AsyncIterator[int]:
    """Run ``serve`` for each connection to a free loopback port, and give the port."""

    async def guarded(stream: trio.SocketStream) -> None:
        try:
            await serve(stream)
        except (trio.BrokenResourceError, ssl.SSLError):
            return

    async with trio.open_nursery() as nursery:
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        nursery.start_soon(trio.serve_listeners, guarded, [listener])
        yield listener.socket.getsockname()[1]
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def tls_echo(context: ssl.SSLContext, heard: bytearray) -> AsyncIterator[int]:
    """Echo over TLS; all application bytes received are added to ``heard``."""

    async def serve(tcp: trio.SocketStream) -> None:
        async with trio.SSLStream(tcp, context, server_side=True) as stream:
            while data := await stream.receive_some():
                heard.extend(data)
                await stream.send_all(data)

    async with serving(serve) as port:
        yield port
