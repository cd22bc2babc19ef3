"""Hears that another device wants this one's place, and objects if the user does.

    ReplacementAnnounced ──▶ announcement on disk ──▶ the user is told ──▶ Engine.veto()
                                                                              │ new account key
                                                                              ▼ on disk
    LookUp ─┬─ the new key is on record ──▶ installed      (an answer was lost)
            └─ it is not ──▶ VetoReplacement ─┬─ Vetoed ──▶ installed
                                              └─ BAD_REPLACEMENT ──▶ LookUp once more: installed
                                                 by another process, or dropped: nothing is held

The key is on disk before the relay hears of it, and stays until its fate is known: a crash or a
lost answer is resolved on the next connection.

Spec: docs/client.md#replacing-the-device, docs/protocol.md#replacing-a-device
"""

from client.engine.bell import Bell
from client.engine.shared import Shared
from client.network.connection import RelayConnection
from client.network.refusals import RelayRefusal
from client.network.statements import veto_statement
from client.store import account, settings, takeover
from client.store.account import OwnAccount
from client.store.transaction import Transaction
from client.values import TakeoverAnnounced
from protocol.signing import SigningKey, public_key_of
from protocol.wire.messages import (
    Found,
    LoggedIn,
    LookUp,
    Ping,
    Pong,
    Refusal,
    ReplacementAnnounced,
    Vetoed,
    VetoReplacement,
)


class DeviceGuard:
    """Keeps this device in its place, on one connection after another."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._told: TakeoverAnnounced | None = None
        self._connection: RelayConnection | None = None
        self._heard = Bell()

    async def hear_out(self) -> None:
        """Wait until what the relay announces at a login is on disk, if it announces anything.

        It stands in the stream before the answer to whatever is asked after the login. So one
        question tells, where waiting for a while would only guess.

        Raises:
            ConnectionLost: the connection was lost meanwhile.
        """
        connection = await self._logged_in()
        await connection.request(Ping(), Pong)
        while connection.announced is not None and _announced(connection.announced) != self._told:
            await self._heard.wait_beyond(self._heard.count)

    async def _logged_in(self) -> RelayConnection:
        while self._connection is None:
            await self._heard.wait_beyond(self._heard.count)
        return self._connection

    async def hear(self, connection: RelayConnection, logged_in: LoggedIn) -> None:
        """Note what is announced, until the connection ends."""
        self._connection = connection
        self._heard.ring()
        generation = logged_in.generation
        await self._shared.write(lambda tx: account.set_generation(tx, generation), quietly=True)
        async for push in connection.announcements:
            await self._note(_announced(push))
            self._heard.ring()

    async def object(self, connection: RelayConnection, logged_in: LoggedIn) -> None:
        """Send the user's veto when there is one, until the connection ends."""
        while True:
            heard = self._shared.changed.count
            own = await self._shared.read(account.get)
            if own.next_account_key is not None:
                await self._veto(connection, own, own.next_account_key)
            await self._shared.changed.wait_beyond(heard)

    async def _note(self, announced: TakeoverAnnounced) -> None:
        await self._shared.write(lambda tx: takeover.announce(tx, announced))
        # The relay says it after each login; it is news once.
        if announced != self._told:
            self._told = announced
            self._shared.tell([announced])

    async def _veto(
        self, connection: RelayConnection, own: OwnAccount, next_key: SigningKey
    ) -> None:
        veto = _Veto(connection, own, next_key)
        generation = await veto.send()
        if generation is None:
            await self._shared.write(_nothing_held)
        else:
            await self._shared.write(lambda tx: _installed(tx, generation))


def _announced(push: ReplacementAnnounced) -> TakeoverAnnounced:
    return TakeoverAnnounced(push.new_identity, push.until_ms)


class _Veto:
    """One attempt to install another account key, against whoever holds the present one."""

    def __init__(self, connection: RelayConnection, own: OwnAccount, next_key: SigningKey) -> None:
        self._connection, self._device = connection, own.device
        self._new = public_key_of(next_key)

    async def send(self) -> int | None:
        """Give the generation of the account once it has the key; None if it never will."""
        found = await self._look_up()
        if found.account_key == self._new:
            return found.generation
        try:
            vetoed = await self._connection.request(self._statement(found.generation), Vetoed)
        except RelayRefusal as refusal:
            if refusal.code != Refusal.BAD_REPLACEMENT:
                raise
            found = await self._look_up()
            return found.generation if found.account_key == self._new else None
        return vetoed.generation

    async def _look_up(self) -> Found:
        address = self._device.address
        return await self._connection.request(LookUp(address.name, address.device), Found)

    def _statement(self, generation: int) -> VetoReplacement:
        identity = self._device.identity.private
        challenge = self._connection.challenge
        return veto_statement(self._device.address, identity, generation, self._new, challenge)


def _installed(tx: Transaction, generation: int) -> None:
    account.install_prepared_key(tx, settings.relay_clock_ms(tx))
    account.set_generation(tx, generation)
    takeover.settle(tx)


def _nothing_held(tx: Transaction) -> None:
    account.drop_prepared_key(tx)
    takeover.settle(tx)
