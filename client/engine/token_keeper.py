"""Sees that the relay has the token of our newest profile key.

Only then is the key told to anybody: a token that the relay does not know would
be refused, and forgotten again.

Spec: docs/protocol.md#delivery-token
"""

from client.engine.shared import Shared
from client.network.connection import RelayConnection
from client.store import profile_keys
from protocol.e2ee.profile_key import delivery_token
from protocol.wire.messages import LoggedIn, SetToken, TokenSet, token_hash


class TokenKeeper:
    """Sets the token after a registration, and when the key was replaced."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared

    async def serve(self, connection: RelayConnection, logged_in: LoggedIn) -> None:
        """Set it now and whenever it is not set, until the connection ends."""
        while True:
            heard = self._shared.changed.count
            await keep_token(self._shared, connection)
            await self._shared.changed.wait_beyond(heard)


async def keep_token(shared: Shared, connection: RelayConnection) -> None:
    """Set the token of our key of now, if the relay does not have it.

    Raises:
        RelayRefusal: the relay does not take it.
        ConnectionLost: it may or may not have it; to set it again does no harm.
    """
    while not (own := await shared.read(profile_keys.own)).is_set:
        token = delivery_token(own.key)
        await connection.request(SetToken(token_hash(token.expose())), TokenSet)
        await _note_set(shared, own.number)


async def _note_set(shared: Shared, number: int) -> None:
    await shared.write(lambda tx: profile_keys.mark_set(tx, number))
