"""One connection to a relay's blobs, dialled when it is needed and again when it was lost.

    async with blob_line(dial) as line:
        await line.ask(lambda blobs: blobs.put(...))

Nobody logs in on it. A call that a lost connection cut off is made again: all that
:class:`RelayBlobs` does may be repeated.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeVar

import trio

from client.errors import RelayUnreachable
from client.network.blobs import RelayBlobs
from client.network.connection import RelayConnection, open_connection
from client.network.one_error import one_error
from client.network.transport import Dialed

T = TypeVar("T")

Dial = Callable[[], Awaitable[Dialed]]
"""Opens a stream to the relay."""

# A relay that restarts is back by then; what lasts longer is for a person to know.
_PAUSES_S: Final = (0.5, 2.0, 8.0)


class BlobLine:
    """Made by :func:`blob_line`."""

    def __init__(self, dial: Dial, nursery: trio.Nursery) -> None:
        self._dial, self._nursery = dial, nursery
        self._dialing = trio.Lock()
        self._connection: RelayConnection | None = None
        self._was_connected = False

    async def ask(self, call: Callable[[RelayBlobs], Awaitable[T]]) -> T:
        """Make ``call``, again if the connection is lost meanwhile.

        Raises:
            RelayUnreachable: the relay was not there at the first try, or for ten seconds.
            UserError: what ``call`` raises.
        """
        for pause_s in _PAUSES_S:
            try:
                return await call(await self._blobs())
            except RelayUnreachable:
                if not self._was_connected:
                    raise
            await trio.sleep(pause_s)
        return await call(await self._blobs())

    async def _blobs(self) -> RelayBlobs:
        async with self._dialing:
            if self._connection is None:
                self._connection = await self._connect()
                self._was_connected = True
            return RelayBlobs(self._connection)

    async def _connect(self) -> RelayConnection:
        dialed = await self._dial()
        connection: RelayConnection = await self._nursery.start(self._serve, dialed)
        return connection

    async def _serve(
        self, dialed: Dialed, *, task_status: trio.TaskStatus[RelayConnection]
    ) -> None:
        async with open_connection(dialed) as connection:
            task_status.started(connection)
            await connection.wait_closed()
            self._connection = None


@asynccontextmanager
async def blob_line(dial: Dial) -> AsyncIterator[BlobLine]:
    """Make a line that is closed at the end of the block; nothing is dialled yet."""
    with one_error():
        async with trio.open_nursery() as nursery:
            try:
                yield BlobLine(dial, nursery)
            finally:
                nursery.cancel_scope.cancel()
