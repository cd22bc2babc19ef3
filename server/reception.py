"""Lets connections in, keeps an eye on them, and sees them out: what relay and vault share.

    await service.attend(stream, source)    one connection, over any trio stream
    await service.drain()                   no new ones; the others say goodbye

A connection can fail in any way it likes; nothing of that reaches another one.

Spec: docs/relay.md#a-connection
"""

import traceback
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Final, TypeVar

import trio

from protocol.errors import WireError
from server.conversation import Conversation
from server.eventlog import EventLog
from server.limits.door import Door
from server.limits.source import HERE, Source
from server.patience import SWEEP_SECONDS, TimedOut
from server.signal import Signal
from server.store.interface import StoreTrouble

# Commits take milliseconds; a client that does not take its last bytes is not waited for.
DRAIN_SECONDS: Final = 5

# A close_notify that nobody takes is not worth more.
CLOSE_SECONDS: Final = 1


class Reception(ABC):
    """Serves connections; knows nothing of sockets, files and processes."""

    def __init__(self, door: Door, log: EventLog) -> None:
        """Let in whom ``door`` admits."""
        self._log = log
        self._door = door
        self._connections: dict[Conversation, trio.CancelScope] = {}
        self._one_has_come = Signal()
        self._one_is_gone = Signal()
        self._is_draining = False
        self._numbers = count(1)

    @abstractmethod
    def _converse(self, stream: trio.abc.Stream, number: int, source: Source) -> Conversation:
        """Make the service's side of a new connection."""

    @abstractmethod
    async def run(self) -> None:
        """Do the service's own work, and :meth:`_end_who_takes_too_long`, until cancelled."""

    async def attend(self, stream: trio.abc.Stream, source: Source = HERE) -> None:
        """Serve one connection until its end. Raises nothing but cancellation.

        Args:
            stream: TLS or not; a TLS stream has not shaken hands yet.
            source: where it comes from.
        """
        if not self._door.admit(source, trio.current_time()):
            self._log.event("turned-away", peer=source.text)
            await trio.aclose_forcefully(stream)
            return
        try:
            await self._attend_inside(stream, source)
        finally:
            self._door.leave(source)

    async def _attend_inside(self, stream: trio.abc.Stream, source: Source) -> None:
        number = next(self._numbers)
        self._log.event("connection-opened", connection=number, peer=source.text)
        reason = "ended"
        try:
            await self._serve(self._converse(stream, number, source))
        except* WireError as group:
            reason = f"bad bytes: {_first(group)}"
        except* TimedOut as group:
            reason = f"timeout: {_first(group)}"
        except* StoreTrouble as group:
            reason = f"store trouble: {_first(group)}"
        except* (trio.BrokenResourceError, trio.ClosedResourceError, OSError):
            reason = "broken"
        except* Exception as group:  # noqa: BLE001 - a bug of ours must not reach the others
            reason = f"crashed: {_type_and_place(_first(group))}"
        finally:
            await _close(stream)
            self._log.event("connection-closed", connection=number, reason=reason)

    async def drain(self) -> None:
        """Let every connection end in good order, for at most DRAIN_SECONDS."""
        self._is_draining = True
        for connection in list(self._connections):
            connection.drain()
        with trio.move_on_after(DRAIN_SECONDS):
            await self._wait_until_all_are_gone()
        self._log.event("drained", cut_off=len(self._connections))
        for scope in self._connections.values():
            scope.cancel()
        await self._wait_until_all_are_gone()

    async def _serve(self, connection: Conversation) -> None:
        if self._is_draining:
            return
        self._one_has_come.set()
        try:
            with trio.CancelScope() as self._connections[connection]:
                await connection.serve()
            connection.require_patience(trio.current_time())
        finally:
            del self._connections[connection]
            self._one_is_gone.set()

    async def _wait_until_all_are_gone(self) -> None:
        while self._connections:
            await self._one_is_gone.wait()

    async def _end_who_takes_too_long(self) -> None:
        while True:
            now = trio.current_time()
            for connection, scope in self._connections.items():
                try:
                    connection.require_patience(now)
                except TimedOut:
                    scope.cancel()
            if not self._connections:
                await self._one_has_come.wait()
            await trio.sleep(SWEEP_SECONDS)


S = TypeVar("S", bound=Reception)


@asynccontextmanager
async def running(service: S) -> AsyncIterator[S]:
    """Keep a service's own tasks running; at the end its connections are drained."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(service.run)
        yield service
        await service.drain()
        nursery.cancel_scope.cancel()


async def _close(stream: trio.abc.Stream) -> None:
    with trio.move_on_after(CLOSE_SECONDS) as scope:
        scope.shield = True
        try:
            await stream.aclose()
        except (trio.BrokenResourceError, trio.BusyResourceError, OSError):
            await trio.aclose_forcefully(stream)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _type_and_place(error: BaseException) -> str:
    """Name a bug for the log. Its text may quote a payload; its type and place do not."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"
