"""The relay's key on real TLS sockets: pinned at first use, refused when changed, pinned anew.

Databases are used from threads here, as in the real program.
"""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import trio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from client.engine.engine import Engine, open_engine
from client.engine.registration import register
from client.engine.relay_settings import use_relay
from client.errors import ExitCode, TrustOpen
from client.network.address import RelayAddress
from client.profile.opening import open_profile
from client.values import Connection, MessageState, Surroundings
from protocol.ids import DeviceAddress, Name
from server.eventlog import EventLog
from server.relay import Relay, running_relay
from server.store.memory import MemoryStore
from server.store.values import StoredAccount
from tests.client.network.tls_servers import fingerprint_of, server_context
from tests.support.randomness import SeededBytes
from tests.support.relay_rig import FakeClock

ALICE, BOB = Name("alice"), Name("bob")

KEY = Ed25519PrivateKey.from_private_bytes(b"1" * 32)
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(b"2" * 32)


class AskedStore(MemoryStore):
    """Counts who is looked up: each login does that."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.look_ups = 0

    async def find_account(self, address: DeviceAddress) -> StoredAccount:
        self.look_ups += 1
        return await super().find_account(address)


class Relays:
    """One store behind relays of several keys on one port of this machine."""

    def __init__(self, folder: Path, rng: random.Random) -> None:
        self._folder = folder
        self._rng = rng
        self._clock = FakeClock()
        self.store = AskedStore(self._clock)
        self.port = 0

    @asynccontextmanager
    async def running(self, key: Ed25519PrivateKey) -> AsyncIterator[RelayAddress]:
        """Run a relay with ``key``, and give its address without a fingerprint."""
        relay = Relay(
            self.store,
            key.public_key().public_bytes_raw(),
            tls=True,
            now_ms=self._clock,
            random_bytes=self._rng.randbytes,
            log=EventLog(self._clock, lambda _line: None),
        )
        context = server_context(key, self._folder)

        async def serve(tcp: trio.SocketStream) -> None:
            await relay.attend(trio.SSLStream(tcp, context, server_side=True))

        async with trio.open_nursery() as nursery, running_relay(relay):
            (listener,) = await trio.open_tcp_listeners(self.port, host="127.0.0.1")
            self.port = listener.socket.getsockname()[1]
            nursery.start_soon(trio.serve_listeners, serve, [listener])
            yield RelayAddress("127.0.0.1", self.port)
            nursery.cancel_scope.cancel()

    def surroundings(self) -> Surroundings:
        return Surroundings(
            self._clock, SeededBytes(self._rng.randbytes(8)), trio.to_thread.run_sync
        )


@asynccontextmanager
async def opened(
    relays: Relays, home: Path, name: Name, relay: RelayAddress | None = None
) -> AsyncIterator[Engine]:
    """Open a profile's engine, as a command with ``--relay`` would."""
    around = relays.surroundings()
    async with open_profile(home, name, None, around) as profile:
        if relay is not None:
            await use_relay(profile, relay)
        async with open_engine(profile, receive=True, surroundings=around) as engine:
            yield engine


async def test_the_key_shown_at_registration_is_pinned_and_a_message_goes_through(
    tmp_path: Path, rng: random.Random
) -> None:
    relays = Relays(tmp_path, rng)
    async with relays.running(KEY) as address:
        for name in (ALICE, BOB):
            await register(tmp_path, name, address, None, relays.surroundings())
        async with opened(relays, tmp_path, ALICE) as alice, opened(relays, tmp_path, BOB):
            assert (await alice.status()).relay == address.pinned_to(fingerprint_of(KEY))
            message_id = await alice.send_text(BOB, "inside TLS")
            state = await alice.wait_for(message_id, MessageState.DELIVERED, 20)
            assert state is MessageState.DELIVERED


async def test_a_changed_relay_key_gets_no_login_until_the_user_pins_it(
    tmp_path: Path, rng: random.Random
) -> None:
    relays = Relays(tmp_path, rng)
    async with relays.running(KEY) as address:
        await register(tmp_path, ALICE, address, None, relays.surroundings())
    relays.store.look_ups = 0
    new = address.pinned_to(fingerprint_of(OTHER_KEY))
    async with relays.running(OTHER_KEY):
        async with opened(relays, tmp_path, ALICE) as alice:
            with pytest.raises(TrustOpen) as caught:
                await alice.wait_online(20)
            assert caught.value.exit_code is ExitCode.TRUST
            assert f"--relay {new}" in caught.value.hint
            assert alice.connection is Connection.OFFLINE
            assert isinstance(alice.last_problem, TrustOpen)
            message_id = await alice.send_text(BOB, "not to this one")
            with pytest.raises(TrustOpen):
                await alice.wait_for(message_id, MessageState.AT_RELAY, 20)
        # The same address without a fingerprint is no answer to the question.
        async with opened(relays, tmp_path, ALICE, address) as alice:
            with pytest.raises(TrustOpen):
                await alice.wait_online(20)
        assert relays.store.look_ups == 0
        async with opened(relays, tmp_path, ALICE, new) as alice:
            await alice.wait_online(20)
            assert relays.store.look_ups == 1
            assert (await alice.status()).relay == new


async def test_registering_where_the_key_has_changed_makes_nothing(
    tmp_path: Path, rng: random.Random
) -> None:
    relays = Relays(tmp_path, rng)
    async with relays.running(KEY) as address:
        wrong = replace(address, fingerprint=fingerprint_of(OTHER_KEY))
        with pytest.raises(TrustOpen):
            await register(tmp_path / "home", ALICE, wrong, None, relays.surroundings())
        await register(tmp_path / "home", ALICE, address, None, relays.surroundings())
    async with relays.running(OTHER_KEY):
        with pytest.raises(TrustOpen):
            await register(tmp_path / "home", ALICE, address, None, relays.surroundings())
