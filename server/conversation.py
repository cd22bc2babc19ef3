"""One connection as bytes: read, judged by the link, handed on; what relay and vault share.

    stream ──▶ Conversation ──▶ RelayLink ──▶ handled by the service ──▶ answers ──┐
    stream ◀── Writer ◀──────── RelayLink ◀────────────────────────────────────────┘

The reading half is here. It stops reading while too much is unanswered, so a
client that only asks is slowed down by TCP and makes nothing grow.

Spec: docs/relay.md#a-connection
"""

from abc import ABC, abstractmethod
from typing import Final

import trio

from protocol.wire.relay_link import Asked, Barred, RelayLink
from protocol.wire.states import LinkState
from server.limits.pace import Pace
from server.limits.source import Source
from server.limits.values import Limits
from server.patience import Patience
from server.writer import Writer

# Small: one for each connection that is being read.
READ_BYTES: Final = 16_384


class Conversation(ABC):
    """The service's side of one connection, from its first byte to its last."""

    def __init__(self, stream: trio.abc.Stream, source: Source, limits: Limits) -> None:
        """Serve ``stream``, at the pace that is granted to ``source``."""
        self._stream = stream
        self._source = source
        self._link = RelayLink()
        self._patience = Patience(trio.current_time())
        self._writer = Writer(stream, self._link, self._patience)
        self._is_draining = False
        self._pace = Pace(limits.connection) if limits.by_person(source) else None

    @abstractmethod
    async def _handle(self, event: Asked | Barred) -> None:
        """Keep a place in the line of answers, and see that it is filled."""

    async def serve(self) -> None:
        """Serve until the client goes, misbehaves, or the service drains.

        Raises:
            WireError: the client sent something wrong.
            StoreTrouble: what is to be said cannot be read.
            trio.BrokenResourceError: the stream broke.
        """
        if isinstance(self._stream, trio.SSLStream):
            await self._stream.do_handshake()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._write, nursery.cancel_scope)
            if not await self._read():
                nursery.cancel_scope.cancel()

    def drain(self) -> None:
        """Read no more; answer what was asked, say Closing, and end."""
        self._is_draining = True
        self._writer.drain()

    def require_patience(self, now: float) -> None:
        """Check that the client does not take too long.

        Raises:
            TimedOut: it does.
        """
        self._patience.require(now)

    @property
    def _is_over(self) -> bool:
        return self._is_draining

    async def _write(self, both: trio.CancelScope) -> None:
        await self._writer.run()
        both.cancel()  # the last word is said

    async def _read(self) -> bool:
        """Read and handle; False if the client has gone, True if the writer has a last word."""
        while not self._is_over and self._link.state is not LinkState.CLOSED:
            event = self._link.next_request()
            if event is not None:
                await self._keep_pace()
                await self._handle(event)
                self._patience.asked(trio.current_time())
            elif self._link.must_answer:
                await self._writer.wait_until_said()
            elif not await self._receive():
                return False
        return True

    async def _receive(self) -> bool:
        """Read some bytes; False at the end of the stream."""
        self._patience.reading()
        data = await self._stream.receive_some(READ_BYTES)
        self._patience.read()
        if data:
            self._link.receive_data(bytes(data))
        else:
            self._link.receive_end()
        return bool(data)

    async def _keep_pace(self) -> None:
        if self._pace is not None and (wait := self._pace.step(trio.current_time())):
            await trio.sleep(wait)

    async def _wait_until_all_is_said(self) -> None:
        while not self._writer.owes_nothing and not self._is_over:
            await self._writer.wait_until_said()
