"""P1: the proxy hears everything inside TLS, under the relay's own certificate."""

import os
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from protocol.ids import Name
from protocol.wire.codec import encode
from protocol.wire.framing import frame
from protocol.wire.messages import Hello, Login, Ping, Welcome
from scripts.blindness.tls_proxy import Direction, TlsProxy, showing, trusting
from scripts.blindness.traffic import Traffic
from server.relay_key import load_or_make

Heard = defaultdict[tuple[int, Direction], bytes]


def make_key_file(folder: Path) -> Path:
    """Make the key of a relay, as a relay does at its first start."""
    load_or_make(folder / "relay.key", os.urandom)
    return folder / "relay.key"


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    return make_key_file(tmp_path)


async def echo_in_capitals(stream: trio.SSLStream[trio.SocketStream]) -> None:
    try:
        async for data in stream:
            await stream.send_all(data.upper())
    except trio.BrokenResourceError:
        pass


@asynccontextmanager
async def relay_and_proxy(key_file: Path) -> AsyncIterator[tuple[TlsProxy, int, Heard]]:
    """An echoing relay behind a proxy; gives proxy, its port, and what it hears."""
    heard: Heard = defaultdict(bytes)

    def tap(number: int, direction: Direction, data: bytes) -> None:
        heard[number, direction] += data

    async with trio.open_nursery() as nursery:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        address = listeners[0].socket.getsockname()
        over_tls = [trio.SSLListener(listener, showing(key_file)) for listener in listeners]
        await nursery.start(trio.serve_listeners, echo_in_capitals, over_tls)
        proxy = TlsProxy(showing(key_file), trusting(key_file), address, tap)
        port = await nursery.start(proxy.serve, 0)
        yield proxy, port, heard
        nursery.cancel_scope.cancel()


async def connect(port: int, key_file: Path) -> trio.SSLStream[trio.SocketStream]:
    stream = await trio.open_tcp_stream("127.0.0.1", port)
    return trio.SSLStream(stream, trusting(key_file))


async def test_both_directions_are_heard_decrypted(key_file: Path) -> None:
    with trio.fail_after(5):
        async with relay_and_proxy(key_file) as (_, port, heard):
            async with await connect(port, key_file) as client:
                await client.send_all(b"hello")
                assert await client.receive_some() == b"HELLO"
            assert heard == {(1, Direction.TO_RELAY): b"hello", (1, Direction.FROM_RELAY): b"HELLO"}


async def test_a_client_gets_what_the_relay_sends_however_much(key_file: Path) -> None:
    letters = b"x" * 300_000
    received = b""
    with trio.fail_after(5):
        async with (
            relay_and_proxy(key_file) as (_, port, heard),
            await connect(port, key_file) as client,
            trio.open_nursery() as nursery,
        ):
            nursery.start_soon(client.send_all, letters)
            while len(received) < len(letters):
                received += await client.receive_some()
    assert received == letters.upper()
    assert heard[1, Direction.TO_RELAY] == letters


async def test_a_dead_relay_ends_the_connection_and_not_the_proxy(
    key_file: Path,
) -> None:
    with trio.fail_after(5):
        async with relay_and_proxy(key_file) as (proxy, port, _):
            alive, proxy.relay_address = proxy.relay_address, ("127.0.0.1", 1)
            async with await connect(port, key_file) as client:
                assert await client.receive_some() == b""
            proxy.relay_address = alive
            async with await connect(port, key_file) as client:
                await client.send_all(b"back")
                assert await client.receive_some() == b"BACK"


async def test_a_client_without_tls_does_not_end_the_proxy(key_file: Path) -> None:
    with trio.fail_after(5):
        async with relay_and_proxy(key_file) as (_, port, heard):
            probe = await trio.open_tcp_stream("127.0.0.1", port)
            await probe.send_all(b"GET / HTTP/1.0\r\n\r\n")
            await probe.aclose()
            async with await connect(port, key_file) as client:
                await client.send_all(b"hello")
                assert await client.receive_some() == b"HELLO"
            assert (1, Direction.TO_RELAY) not in heard


async def test_another_relay_is_not_passed_off_as_this_one(
    key_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = make_key_file(tmp_path_factory.mktemp("other"))
    with trio.fail_after(5):
        async with relay_and_proxy(key_file) as (proxy, port, heard):
            proxy.facing_relay = trusting(other)
            async with await connect(port, key_file) as client:
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
