"""Keeps the relay's clock in the database: ages of keys are judged by it.

Spec: docs/client.md
"""

from typing import Final

import trio

from client.engine.shared import Shared
from client.network.connection import RelayConnection
from client.store import settings
from protocol.wire.messages import LoggedIn

# Keys live for days; a clock that is some minutes old serves, and each note is a write to the disk.
_NOTE_INTERVAL_S: Final = 600.0


class Timekeeper:
    """Notes what the relay's clock says in its Pongs."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared

    async def serve(self, connection: RelayConnection, logged_in: LoggedIn) -> None:
        """Note it now and then, until the connection ends."""
        while True:
            await trio.sleep(_NOTE_INTERVAL_S)
            await note_relay_clock(self._shared, connection)


async def note_relay_clock(shared: Shared, connection: RelayConnection) -> None:
    """Note what the relay's clock said last on this connection."""
    clock_ms = connection.relay_clock_ms
    await shared.write(lambda tx: settings.hear_relay_clock(tx, clock_ms), quietly=True)
