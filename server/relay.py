"""The relay: its services, its connections, and the tasks of its own.

    async with running_relay(relay):          committer and expiry are at work
        await relay.attend(stream)            one connection, over any trio stream
        await relay.drain()                   no new ones; the others say goodbye

How connections are guarded is in :mod:`server.reception`.

Spec: docs/relay.md
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import trio

from protocol.limits import TAKEOVER_HOLD_MS
from server.committer import Committer
from server.connection import Connection
from server.eventlog import EventLog
from server.gate import NO_TLS_KEY
from server.limits.door import Door
from server.limits.source import Source
from server.limits.tolls import Tolls
from server.limits.values import DEFAULT, Limits
from server.presence import Presence
from server.reception import Reception, running
from server.services import Services
from server.store.interface import RelayStore, StoreTrouble
from server.subscriptions import Subscriptions

# Mail lives 30 days and ids one: an hour more or less does not matter.
EXPIRY_INTERVAL_SECONDS: Final = 3_600

# Who was online is written down so often: a crash forgets so much of it.
PRESENCE_INTERVAL_SECONDS: Final = 600

# Marks in one transaction: submits wait that long at most.
_MARKS_AT_ONCE: Final = 256


class Relay(Reception):
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
        super().__init__(Door(limits), log)
        self._store = store
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

    def _converse(self, stream: trio.abc.Stream, number: int, source: Source) -> Connection:
        return Connection(self._services, stream, number, source)

    async def drain(self) -> None:
        """End every connection, and write down who was here."""
        await super().drain()
        await self._write_down_who_was_here()

    async def run(self) -> None:
        """Commit, expire, note who was here, and watch the clock, until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._committer.run)
            nursery.start_soon(self._expire_now_and_then)
            nursery.start_soon(self._write_down_now_and_then)
            nursery.start_soon(self._end_who_takes_too_long)

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
    async with running(relay):
        yield relay
