"""Keeps a logged-in connection, and comes back after every loss.

    CONNECTING ── dial, greet, log in ──▶ ONLINE ── lost ──▶ OFFLINE ── wait ──▶ CONNECTING ...
         └────────── any UserError ─────────────────────────────▲

    the name is not ours (:mod:`.own_name`) ──▶ OFFLINE, until it is

What is done on a connection is the business of the services it is given to. Every UserError ends
the attempt and becomes the engine's problem until a later attempt succeeds; a relay that shows
another key gets no login, and is asked again later in case it was put right, or the user has
pinned the new key meanwhile.
"""

from collections.abc import Awaitable, Callable, Sequence

import trio

from client.engine.attempts import Attempts
from client.engine.own_name import mark_lost, why_not_ours
from client.engine.relay_settings import pin_first_use, required_relay
from client.engine.shared import Shared
from client.engine.timekeeper import note_relay_clock
from client.errors import UserError
from client.network.address import RelayAddress
from client.network.connection import RelayConnection, open_connection
from client.network.one_error import one_error
from client.network.refusals import RelayRefusal
from client.network.statements import login_statement
from client.network.transport import Dialed
from client.store import account
from client.store.account import OwnAccount
from client.store.transaction import Transaction
from protocol.wire.messages import LoggedIn, Refusal

Service = Callable[[RelayConnection, LoggedIn], Awaitable[None]]
"""Works on one logged-in connection until that is lost, or for as long as it has work."""


class Supervisor:
    """Runs ``services`` on one connection after another."""

    def __init__(self, shared: Shared, services: Sequence[Service]) -> None:
        self._shared = shared
        self._services = services

    async def run(self) -> None:
        """Connect, serve, and connect again, for ever."""
        attempts = Attempts(self._shared.surroundings.random_bytes)
        while True:
            self._shared.standing.connecting()
            attempts.begin()
            try:
                await self._wait_until_ours()
                await self._connect_and_serve()
            except UserError as problem:
                self._shared.standing.offline(problem)
                await attempts.pause(problem)

    async def _wait_until_ours(self) -> None:
        """Stay offline while the relay could only refuse; another process may change that."""
        told = False
        while True:
            heard = self._shared.changed.count
            reason = await self._shared.read(why_not_ours)
            if reason is None:
                return
            if told:
                await self._shared.changed.wait_beyond(heard)
            else:
                self._shared.standing.offline(reason)  # this rings the bell, too
            told = True

    async def _connect_and_serve(self) -> None:
        address, own = await self._shared.read(_whom_and_where)
        dialed = await self._shared.dialer(address)
        async with open_connection(dialed) as connection:
            await self._pin(address, dialed)
            logged_in = await self._log_in(connection, own)
            await self._serve(connection, logged_in)

    async def _pin(self, address: RelayAddress, dialed: Dialed) -> None:
        """Pin what a relay on this machine showed at its first use, before anything is signed."""
        fingerprint = dialed.fingerprint
        if address.fingerprint is None and fingerprint is not None:
            await self._shared.write(lambda tx: pin_first_use(tx, address, fingerprint))

    async def _log_in(self, connection: RelayConnection, own: OwnAccount) -> LoggedIn:
        device = own.device
        statement = login_statement(device.address, device.identity.private, connection.challenge)
        try:
            return await connection.request(statement, LoggedIn)
        except RelayRefusal as refusal:
            if refusal.code != Refusal.DEVICE_REPLACED:
                raise
            raise await self._shared.write(mark_lost) from refusal

    async def _serve(self, connection: RelayConnection, logged_in: LoggedIn) -> None:
        await note_relay_clock(self._shared, connection)
        self._shared.standing.online()
        with one_error():
            async with trio.open_nursery() as nursery:
                for service in self._services:
                    nursery.start_soon(service, connection, logged_in)
                raise await connection.wait_closed()


def _whom_and_where(tx: Transaction) -> tuple[RelayAddress, OwnAccount]:
    return required_relay(tx), account.get(tx)
