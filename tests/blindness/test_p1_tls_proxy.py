"""P1: the proxy hears everything inside TLS, under the relay's own certificate."""

import datetime
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from protocol.ids import Name
from protocol.wire.codec import encode
from protocol.wire.framing import frame
from protocol.wire.messages import Hello, Login, Ping, Welcome
from scripts.blindness.tls_proxy import Direction, TlsProxy, trusting
from scripts.blindness.traffic import Traffic

Heard = defaultdict[tuple[int, Direction], bytes]


class RelayIdentity:
    """A key and its self-signed certificate, in the forms ssl takes."""

    def __init__(self, folder: Path) -> None:
        key = Ed25519PrivateKey.generate()
        name = x509.Name([])
        start = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(start)
            .not_valid_after(start.replace(year=2100))
            .sign(key, None)
        )
        self.pem = certificate.public_bytes(Encoding.PEM).decode()
        chain = folder / "relay.pem"
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        chain.write_bytes(private + self.pem.encode())
        self.serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.serving.load_cert_chain(chain)


@pytest.fixture
def identity(tmp_path: Path) -> RelayIdentity:
    return RelayIdentity(tmp_path)


async def echo_in_capitals(stream: trio.SSLStream[trio.SocketStream]) -> None:
    try:
        async for data in stream:
            await stream.send_all(data.upper())
    except trio.BrokenResourceError:
        pass


@asynccontextmanager
async def relay_and_proxy(identity: RelayIdentity) -> AsyncIterator[tuple[TlsProxy, int, Heard]]:
    """An echoing relay behind a proxy; gives proxy, its port, and what it hears."""
    heard: Heard = defaultdict(bytes)

    def tap(number: int, direction: Direction, data: bytes) -> None:
        heard[number, direction] += data

    async with trio.open_nursery() as nursery:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        address = listeners[0].socket.getsockname()
        over_tls = [trio.SSLListener(listener, identity.serving) for listener in listeners]
        await nursery.start(trio.serve_listeners, echo_in_capitals, over_tls)
        proxy = TlsProxy(identity.serving, trusting(identity.pem), address, tap)
        port = await nursery.start(proxy.serve)
        yield proxy, port, heard
        nursery.cancel_scope.cancel()


async def connect(port: int, identity: RelayIdentity) -> trio.SSLStream[trio.SocketStream]:
    stream = await trio.open_tcp_stream("127.0.0.1", port)
    return trio.SSLStream(stream, trusting(identity.pem))


async def test_both_directions_are_heard_decrypted(identity: RelayIdentity) -> None:
    with trio.fail_after(5):
        async with relay_and_proxy(identity) as (_, port, heard):
            async with await connect(port, identity) as client:
                await client.send_all(b"hello")
                assert await client.receive_some() == b"HELLO"
            assert heard == {(1, Direction.TO_RELAY): b"hello", (1, Direction.FROM_RELAY): b"HELLO"}


async def test_a_client_gets_what_the_relay_sends_however_much(identity: RelayIdentity) -> None:
    letters = b"x" * 300_000
    received = b""
    with trio.fail_after(5):
        async with (
            relay_and_proxy(identity) as (_, port, heard),
            await connect(port, identity) as client,
            trio.open_nursery() as nursery,
        ):
            nursery.start_soon(client.send_all, letters)
            while len(received) < len(letters):
                received += await client.receive_some()
    assert received == letters.upper()
    assert heard[1, Direction.TO_RELAY] == letters


async def test_a_dead_relay_ends_the_connection_and_not_the_proxy(
    identity: RelayIdentity,
) -> None:
    with trio.fail_after(5):
        async with relay_and_proxy(identity) as (proxy, port, _):
            alive, proxy.relay_address = proxy.relay_address, ("127.0.0.1", 1)
            async with await connect(port, identity) as client:
                assert await client.receive_some() == b""
            proxy.relay_address = alive
            async with await connect(port, identity) as client:
                await client.send_all(b"back")
                assert await client.receive_some() == b"BACK"


async def test_a_client_without_tls_does_not_end_the_proxy(identity: RelayIdentity) -> None:
    with trio.fail_after(5):
        async with relay_and_proxy(identity) as (_, port, heard):
            probe = await trio.open_tcp_stream("127.0.0.1", port)
            await probe.send_all(b"GET / HTTP/1.0\r\n\r\n")
            await probe.aclose()
            async with await connect(port, identity) as client:
                await client.send_all(b"hello")
                assert await client.receive_some() == b"HELLO"
            assert (1, Direction.TO_RELAY) not in heard


async def test_another_relay_is_not_passed_off_as_this_one(
    identity: RelayIdentity, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = RelayIdentity(tmp_path_factory.mktemp("other"))
    with trio.fail_after(5):
        async with relay_and_proxy(identity) as (proxy, port, heard):
            proxy.facing_relay = trusting(other.pem)
            async with await connect(port, identity) as client:
                assert await client.receive_some() == b""
            assert not heard


def test_traffic_is_kept_whole_and_told_as_messages(tmp_path: Path) -> None:
    login = Login(Name("alice"), 1, bytes(64))
    stream = frame(encode(Hello(1, 1), 1)) + frame(encode(login, 2)) + frame(encode(Ping(), 3))
    traffic = Traffic(tmp_path, now_s=lambda: 12.5)
    for byte in stream:
        traffic.tap(1, Direction.TO_RELAY, bytes([byte]))
    assert [passed.message for passed in traffic.passed] == [Hello(1, 1), login, Ping()]
    assert [passed.login for passed in traffic.passed] == [None, "alice", "alice"]
    assert [path.read_bytes() for path in traffic.paths] == [stream]


def test_traffic_that_is_no_message_is_kept_too(tmp_path: Path) -> None:
    traffic = Traffic(tmp_path)
    welcome = frame(encode(Welcome(1, bytes(32), bytes(32), 0), 1))
    traffic.tap(7, Direction.TO_RELAY, b"\xff" * 10)
    traffic.tap(7, Direction.TO_RELAY, b"tail")
    traffic.tap(7, Direction.FROM_RELAY, welcome)
    assert {path.name: path.read_bytes() for path in traffic.paths} == {
        "connection-007-to-relay": b"\xff" * 10 + b"tail",
        "connection-007-from-relay": welcome,
    }
    assert [type(passed.message) for passed in traffic.passed] == [Welcome]
