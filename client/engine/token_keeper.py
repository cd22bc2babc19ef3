"""Sees that the relay has the token of our newest profile key.

    key replaced ──▶ attempt noted ──▶ SetToken ──▶ TokenSet ──▶ noted as set, attempt ended
                           └─ process dead, connection lost: the attempt stays open
                                                               │
    set again at the next login, and once more when nothing ◀──┘
    of it can be under way any longer ──▶ attempt ended

Only then is the key told to anybody: a token that the relay does not know would be refused, and
forgotten again. And of two processes the slower one may bring an older token after the newer: while
it lives, its answer shows that; if it dies, its attempt does. Else somebody who was blocked would
have the token on record.

Spec: docs/protocol.md#delivery-token, docs/client.md#two-connections
"""

from collections.abc import Collection
from typing import Final

import trio

from client.engine.shared import Shared
from client.network.connection import RelayConnection
from client.network.refusals import RelayRefusal
from client.store import profile_keys, token_attempts
from client.store.profile_keys import OwnProfileKey
from client.store.transaction import Transaction
from protocol.e2ee.profile_key import delivery_token
from protocol.wire.messages import LoggedIn, SetToken, TokenSet, token_hash

# What a dead process has sent is at the relay, or lost, by then.
_DOUBT_S: Final = 60.0


class TokenKeeper:
    """Sets the token after a registration, when the key was replaced, and when in doubt."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared

    async def serve(self, connection: RelayConnection, logged_in: LoggedIn) -> None:
        """Set it now and whenever it is not set, until the connection ends."""
        if await self._shared.read(token_attempts.open_ones):
            await _set(self._shared, connection)
        while True:
            heard = self._shared.changed.count
            await keep_token(self._shared, connection)
            await self._shared.changed.wait_beyond(heard)

    async def resolve_doubts(self, connection: RelayConnection, logged_in: LoggedIn) -> None:
        """Set it over what others may have set last, until the connection ends."""
        while True:
            heard = self._shared.changed.count
            if before := await self._shared.read(token_attempts.open_ones):
                await trio.sleep(_DOUBT_S)
                now = await self._shared.read(token_attempts.open_ones)
                if doubtful := before & now:
                    await _set(self._shared, connection, doubtful)
            else:
                await self._shared.changed.wait_beyond(heard)


async def keep_token(shared: Shared, connection: RelayConnection) -> None:
    """Set the token of our key of now, if the relay does not have it.

    Raises:
        RelayRefusal: the relay does not take it.
        ConnectionLost: it may or may not have it; to set it again does no harm.
    """
    while not (await shared.read(profile_keys.own)).is_set:
        await _set(shared, connection)


async def _set(shared: Shared, connection: RelayConnection, doubtful: Collection[int] = ()) -> None:
    """Set it, over the ``doubtful`` attempts, which are ended with it."""
    own, attempt = await shared.write(_begin, quietly=True)
    token = delivery_token(own.key)
    try:
        await connection.request(SetToken(token_hash(token.expose())), TokenSet)
    except RelayRefusal:
        await shared.write(lambda tx: token_attempts.end(tx, [attempt]), quietly=True)
        raise
    await _note_set(shared, own.number, (attempt, *doubtful))


def _begin(tx: Transaction) -> tuple[OwnProfileKey, int]:
    own = profile_keys.own(tx)
    return own, token_attempts.begin(tx, own.number)


async def _note_set(shared: Shared, number: int, ended: Collection[int]) -> None:
    def note(tx: Transaction) -> None:
        profile_keys.mark_set(tx, number)
        token_attempts.end(tx, ended)

    await shared.write(note)
