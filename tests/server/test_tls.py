"""The relay's key, TLS with it, and logins that are bound to it."""

import random
import ssl
import stat
from pathlib import Path

import pytest
import trio
import trio.testing

from protocol.wire.messages import LoggedIn, Refusal, Refused
from server.eventlog import EventLog
from server.relay import Relay, running_relay
from server.relay_key import RelayKey, load_or_make
from server.store.memory import MemoryStore
from tests.support.relay_rig import START_MS
from tests.support.tls import fingerprint_of, over_tls, public_key_in
from tests.support.wire_client import Person, WireClient


@pytest.fixture
def key(tmp_path: Path, rng: random.Random) -> RelayKey:
    return load_or_make(tmp_path / "relay.key", rng.randbytes)


def test_the_key_is_made_once_and_nobody_elses(tmp_path: Path, rng: random.Random) -> None:
    path = tmp_path / "relay.key"
    made = load_or_make(path, rng.randbytes)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = load_or_make(path, rng.randbytes)
    assert (again.public_key, again.fingerprint) == (made.public_key, made.fingerprint)
    assert [each.name for each in tmp_path.iterdir()] == ["relay.key"]


def test_an_unfinished_key_is_made_anew(tmp_path: Path, rng: random.Random) -> None:
    (tmp_path / "relay.key.new").write_bytes(b"half a k")
    load_or_make(tmp_path / "relay.key", rng.randbytes)
    assert [each.name for each in tmp_path.iterdir()] == ["relay.key"]


@pytest.mark.parametrize("content", [b"", b"noise", b"-----BEGIN PRIVATE KEY-----\n"])
def test_a_damaged_key_is_not_replaced(tmp_path: Path, rng: random.Random, content: bytes) -> None:
    path = tmp_path / "relay.key"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r".+"):
        load_or_make(path, rng.randbytes)
    assert path.read_bytes() == content


class TlsRelay:
    """A relay in memory whose connections are inside TLS."""

    def __init__(self, key: RelayKey, nursery: trio.Nursery, rng: random.Random) -> None:
        self.key = key
        self.lines: list[str] = []
        self._nursery = nursery

        def now_ms() -> int:
            return START_MS

        self.relay = Relay(
            MemoryStore(now_ms),
            key.public_key,
            tls=True,
            now_ms=now_ms,
            random_bytes=rng.randbytes,
            log=EventLog(now_ms, self.lines.append),
        )

    def connect(self) -> trio.abc.Stream:
        ours, theirs = trio.testing.memory_stream_pair()
        inside = trio.SSLStream(theirs, self.key.tls, server_side=True)
        self._nursery.start_soon(self.relay.attend, inside)
        return ours

    async def greeted(self) -> tuple[WireClient, bytes]:
        stream = over_tls(self.connect())
        await stream.do_handshake()
        client = WireClient(stream)
        await client.greet()
        return client, public_key_in(stream).public_bytes_raw()


async def test_tls_shows_the_key_of_the_address(key: RelayKey, rng: random.Random) -> None:
    async with trio.open_nursery() as nursery:
        tls = TlsRelay(key, nursery, rng)
        async with running_relay(tls.relay):
            stream = over_tls(tls.connect())
            await stream.do_handshake()
            assert fingerprint_of(public_key_in(stream)) == key.fingerprint
            assert stream.version() == "TLSv1.3"
            client, seen = await tls.greeted()
            assert seen == key.public_key == client.welcome.relay_key


async def test_a_login_is_bound_to_the_key_in_tls(key: RelayKey, rng: random.Random) -> None:
    alice = Person.called("alice", rng)
    async with trio.open_nursery() as nursery:
        tls = TlsRelay(key, nursery, rng)
        async with running_relay(tls.relay):
            client, seen = await tls.greeted()
            await client.enter_now(alice, seen)
            client, seen = await tls.greeted()
            assert isinstance(await client.ask(alice.login(client.welcome, seen)), LoggedIn)
            client, _ = await tls.greeted()
            without_tls = alice.login(client.welcome)
            assert await client.ask(without_tls) == Refused(Refusal.BAD_LOGIN, None)


async def test_a_relay_in_the_middle_cannot_log_in_as_its_guest(
    tmp_path: Path, rng: random.Random
) -> None:
    """Mallory runs a relay, and passes Alice's login on to the relay that Alice meant."""
    real_key = load_or_make(tmp_path / "real.key", rng.randbytes)
    mallorys_key = load_or_make(tmp_path / "mallory.key", rng.randbytes)
    alice = Person.called("alice", rng)
    async with trio.open_nursery() as nursery:
        real = TlsRelay(real_key, nursery, rng)
        async with running_relay(real.relay):
            client, seen = await real.greeted()
            await client.enter_now(alice, seen)
            mallory, _ = await real.greeted()
            # Alice is shown the real nonce, and signs over the key she sees: Mallory's.
            login = alice.login(mallory.welcome, mallorys_key.public_key)
            assert await mallory.ask(login) == Refused(Refusal.BAD_LOGIN, None)


@pytest.mark.parametrize("garbage", [b"", b"\x16\x03\x01", b"GET / HTTP/1.1\r\n\r\n", bytes(500)])
async def test_a_failed_handshake_harms_nobody(
    key: RelayKey, rng: random.Random, garbage: bytes
) -> None:
    async with trio.open_nursery() as nursery:
        tls = TlsRelay(key, nursery, rng)
        async with running_relay(tls.relay):
            other, seen = await tls.greeted()
            for _ in range(5):
                probe = tls.connect()
                if garbage:
                    await probe.send_all(garbage)
                await trio.aclose_forcefully(probe)
            await other.enter_now(Person.called("alice", rng), seen)
    assert "crashed" not in "".join(tls.lines)
    assert "".join(tls.lines).count('"reason": "broken"') == 5


async def test_older_tls_is_refused(key: RelayKey, rng: random.Random) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    async with trio.open_nursery() as nursery:
        tls = TlsRelay(key, nursery, rng)
        async with running_relay(tls.relay):
            stream = trio.SSLStream(tls.connect(), context)
            with pytest.raises(trio.BrokenResourceError):
                await stream.do_handshake()


async def test_a_handshake_that_never_ends_is_closed(
    autojump_clock: trio.testing.MockClock, key: RelayKey, rng: random.Random
) -> None:
    async with trio.open_nursery() as nursery:
        tls = TlsRelay(key, nursery, rng)
        async with running_relay(tls.relay):
            stream = tls.connect()
            assert await stream.receive_some(100) == b""
    assert "the greeting took too long" in "".join(tls.lines)
