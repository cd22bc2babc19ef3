"""TLS with a pinned key on real sockets: who is connected to, and who is not."""

import ssl
from pathlib import Path

import pytest
import trio
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from trio.testing import MockClock

from client.errors import ExitCode, RelayUnreachable, TrustOpen
from client.network.address import RelayAddress, parse_address
from client.network.transport import NO_RELAY_KEY, dial
from tests.client.network.tls_servers import fingerprint_of, server_context, serving, tls_echo

KEY = ed25519.Ed25519PrivateKey.from_private_bytes(b"r" * 32)


async def test_the_pinned_key_is_connected_to(tmp_path: Path) -> None:
    heard = bytearray()
    async with tls_echo(server_context(KEY, tmp_path), heard) as port:
        dialed = await dial(RelayAddress("127.0.0.1", port, fingerprint_of(KEY)))
        async with dialed.stream:
            await dialed.stream.send_all(b"hello")
            assert await dialed.stream.receive_some() == b"hello"
    assert dialed.relay_key == KEY.public_key().public_bytes_raw()
    assert dialed.fingerprint == fingerprint_of(KEY)


async def test_on_loopback_the_first_key_is_returned_to_be_pinned(tmp_path: Path) -> None:
    async with tls_echo(server_context(KEY, tmp_path), bytearray()) as port:
        dialed = await dial(parse_address(f"localhost:{port}"))
        await trio.aclose_forcefully(dialed.stream)
    assert dialed.fingerprint == fingerprint_of(KEY)


async def test_another_key_than_the_pinned_one_is_a_trust_question(tmp_path: Path) -> None:
    pinned, heard = "ab" * 32, bytearray()
    async with tls_echo(server_context(KEY, tmp_path), heard) as port:
        with pytest.raises(TrustOpen) as caught:
            await dial(RelayAddress("127.0.0.1", port, pinned))
    assert caught.value.exit_code is ExitCode.TRUST
    assert pinned in caught.value.why
    assert fingerprint_of(KEY) in caught.value.why
    assert f"--relay glasspost://127.0.0.1:{port}#{fingerprint_of(KEY)}" in caught.value.hint
    assert heard == b""


async def test_elsewhere_without_a_fingerprint_nothing_is_sent() -> None:
    with pytest.raises(RelayUnreachable, match="not known") as caught:
        await dial(parse_address("relay.invalid"))
    assert "glasspost://relay.invalid:7667#" in caught.value.hint


async def test_a_key_that_is_not_ed25519_is_no_relay(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    async with tls_echo(server_context(key, tmp_path), bytearray()) as port:
        with pytest.raises(RelayUnreachable, match="not a Glasspost relay"):
            await dial(RelayAddress("127.0.0.1", port))


async def test_tls_1_2_is_refused(tmp_path: Path) -> None:
    context = server_context(KEY, tmp_path)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    async with tls_echo(context, bytearray()) as port:
        with pytest.raises(RelayUnreachable, match="cannot be reached"):
            await dial(RelayAddress("127.0.0.1", port))


async def test_plain_tcp_on_loopback() -> None:
    async def echo(stream: trio.SocketStream) -> None:
        await stream.send_all(await stream.receive_some())

    async with serving(echo) as port:
        dialed = await dial(parse_address(f"glasspost+plain://127.0.0.1:{port}"))
        async with dialed.stream:
            await dialed.stream.send_all(b"hello")
            assert await dialed.stream.receive_some() == b"hello"
    assert dialed.relay_key == NO_RELAY_KEY
    assert dialed.fingerprint is None


async def test_a_peer_that_does_not_speak_tls() -> None:
    async def talk(stream: trio.SocketStream) -> None:
        await stream.send_all(b"220 mail.example ESMTP\r\n" * 20)
        await stream.receive_some()

    async with serving(talk) as port:
        with pytest.raises(RelayUnreachable) as caught:
            await dial(RelayAddress("127.0.0.1", port))
    assert "TLS 1.3" in caught.value.why


async def test_a_peer_that_hangs_up() -> None:
    async def hang_up(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        await stream.aclose()

    async with serving(hang_up) as port:
        with pytest.raises(RelayUnreachable) as caught:
            await dial(RelayAddress("127.0.0.1", port))
    assert "hung up" in caught.value.why


async def test_a_port_that_accepts_and_says_nothing(mock_clock: MockClock) -> None:
    mock_clock.rate = 200  # the ten seconds of the greeting pass in a twentieth of one

    async def say_nothing(stream: trio.SocketStream) -> None:
        await trio.sleep_forever()

    async with serving(say_nothing) as port:
        with pytest.raises(RelayUnreachable) as caught:
            await dial(RelayAddress("127.0.0.1", port))
    assert "in time" in caught.value.why


async def test_a_port_where_nothing_listens() -> None:
    async with serving(trio.aclose_forcefully) as port:
        pass
    with pytest.raises(RelayUnreachable) as caught:
        await dial(RelayAddress("127.0.0.1", port))
    assert caught.value.why == "Nothing listens on that port."
    assert caught.value.exit_code is ExitCode.UNREACHABLE


async def test_a_host_that_does_not_exist() -> None:
    with pytest.raises(RelayUnreachable) as caught:
        await dial(RelayAddress("relay.invalid", 7667, "ab" * 32))
    assert caught.value.why == "The host name is not known."
