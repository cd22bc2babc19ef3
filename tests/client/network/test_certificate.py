"""Which certificates are a relay's."""

from datetime import UTC, datetime

import pytest
import trio
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding

from client.errors import RelayUnreachable
from client.network.certificate import read_relay_key
from client.network.connection import open_connection
from client.network.failures import ConnectionLost
from client.network.transport import NO_RELAY_KEY, Dialed
from tests.client.network.scripted_relay import wired


def certificate_of(raw: bytes) -> bytes:
    name = x509.Name([])
    begin, end = datetime(2020, 1, 1, tzinfo=UTC), datetime(2120, 1, 1, tzinfo=UTC)
    key = Ed25519PublicKey.from_public_bytes(raw)
    builder = x509.CertificateBuilder(name, name, key, 1, begin, end)
    signed = builder.sign(Ed25519PrivateKey.from_private_bytes(b"s" * 32), None)
    return signed.public_bytes(Encoding.DER)


def test_the_key_is_read_whoever_signed_it() -> None:
    raw = Ed25519PrivateKey.from_private_bytes(b"k" * 32).public_key().public_bytes_raw()
    assert read_relay_key(certificate_of(raw)).raw == raw


def test_the_key_that_stands_for_none_is_no_relays() -> None:
    with pytest.raises(RelayUnreachable):
        read_relay_key(certificate_of(NO_RELAY_KEY))


async def test_with_tls_even_that_key_is_compared(autojump_clock: object) -> None:
    dialed, relay = wired()
    as_with_tls = Dialed(dialed.stream, NO_RELAY_KEY, None)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(relay.greet)
        with pytest.raises(ConnectionLost) as caught:
            async with open_connection(as_with_tls):
                pass
    assert "another key" in caught.value.why
