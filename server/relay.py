"""The relay: its services, its connections, and a guard around each of these.

    async with running_relay(relay):          committer and expiry are at work
        await relay.attend(stream)            one connection, over any trio stream
        await relay.drain()                   no new ones; the others say goodbye

A connection can fail in any way it likes; nothing of that reaches another one.

Spec: docs/relay.md
"""

import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Final

import trio

from protocol.errors import WireError
from protocol.limits import TAKEOVER_HOLD_MS
from server.committer import Committer
from server.connection import Connection
from server.eventlog import EventLog
from server.gate import NO_TLS_KEY
from server.limits.door import Door
from server.limits.source import HERE, Source
from server.limits.tolls import Tolls
from server.limits.values import DEFAULT, Limits
from server.patience import SWEEP_SECONDS, TimedOut
from server.presence import Presence
from server.services import Services
from server.signal import Signal
from server.store.interface import RelayStore, StoreTrouble
from server.subscriptions import Subscriptions

# Mail lives 30 days and ids one: an hour more or less does not matter.
EXPIRY_INTERVAL_SECONDS: Final = 3_600

# Who was online is written down so often: a crash forgets so much of it.
PRESENCE_INTERVAL_SECONDS: Final = 600

# Marks in one transaction: submits wait that long at most.
_MARKS_AT_ONCE: Final = 256

# Commits take milliseconds; a client that does not take its last bytes is not waited for.
DRAIN_SECONDS: Final = 5

# A close_notify that nobody takes is not worth more.
CLOSE_SECONDS: Final = 1


class Relay:
    """Serves connections; knows nothing of sockets, files and processes."""

    def __init__(
        self,
        store: RelayStore,
        public_key: bytes,
        *,
        tls: bool,
        now_ms: Callable[[], int],
        random_bytes: Callable[[int], bytes],
        log: EventLog,
        limits: Limits = DEFAULT,
        takeover_hold_ms: int = TAKEOVER_HOLD_MS,
    ) -> None:
        """Make a relay.

        Args:
            store: what it keeps.
            public_key: its 32-byte Ed25519 key.
            tls: whether its connections run inside TLS with that key; without,
                logins are signed over zeros.
            now_ms: its clock.
            random_bytes: its source of nonces.
            log: its log.
            limits: what it grants.
            takeover_hold_ms: how long a device that was online lately may veto its
                replacement; 0 for not at all.
        """
        self._store = store
        self._log = log
        subscriptions = Subscriptions()
        self._committer = Committer(store, subscriptions.mail_arrived, log)
        self._services = Services(
            store,
            self._committer,
            subscriptions,
            log,
            public_key,
            public_key if tls else NO_TLS_KEY,
            now_ms,
            random_bytes,
            limits,
            Tolls(limits),
            Presence(),
            takeover_hold_ms,
        )
        self._door = Door(limits)
        self._connections: dict[Connection, trio.CancelScope] = {}
        self._one_has_come = Signal()
        self._one_is_gone = Signal()
        self._is_draining = False
        self._numbers = count(1)

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
            await self._serve(Connection(self._services, stream, number, source))
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
        await self._write_down_who_was_here()

    async def run(self) -> None:
        """Commit, expire, note who was here, and watch the clock, until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._committer.run)
            nursery.start_soon(self._expire_now_and_then)
            nursery.start_soon(self._write_down_now_and_then)
            nursery.start_soon(self._end_who_takes_too_long)

    async def _serve(self, connection: Connection) -> None:
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

    async def _expire(self) -> None:
        expired = await self._store.expire()
        blob_count = await self._store.blobs.expire()
        self._log.event(
            "expired",
            mail=expired.mail_count,
            ids=expired.remembered_count,
            blobs=blob_count,
        )

    async def _expire_now_and_then(self) -> None:
        while True:
            try:
                await self._expire()
            except StoreTrouble as trouble:
                self._log.event("store-trouble", reason=trouble.reason, jobs=0)
            self._services.tolls.forget_full(trio.current_time())
            self._door.forget_full(trio.current_time())
            await trio.sleep(EXPIRY_INTERVAL_SECONDS)

    async def _write_down_now_and_then(self) -> None:
        while True:
            await trio.sleep(PRESENCE_INTERVAL_SECONDS)
            await self._write_down_who_was_here()

    async def _write_down_who_was_here(self) -> None:
        seen = self._services.presence.seen()
        try:
            for start in range(0, len(seen), _MARKS_AT_ONCE):
                some = seen[start : start + _MARKS_AT_ONCE]
                await self._store.mark_online(some)
                self._services.presence.written_down(some)
        except StoreTrouble as trouble:
            self._log.event("store-trouble", reason=trouble.reason, jobs=0)


@asynccontextmanager
async def running_relay(relay: Relay) -> AsyncIterator[Relay]:
    """Keep a relay's own tasks running; at the end its connections are drained."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(relay.run)
        yield relay
        await relay.drain()
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
