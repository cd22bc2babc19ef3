"""The second connection to the relay, on which nobody logs in.

    no work ── somebody whose token we hold is to be written to ──▶ dial ──▶ workers
       ▲                                                              │
       ├── nothing to do for ANONYMOUS_IDLE_S ────────────────────────┤
       ├── a worker is done with it: the relay can tell whose it is ──┤
       └── lost, or not to be had: a pause ───────────────────────────┘

It has the same address and the same pinned key. It waits until the other one is
logged in: only that one tells the user what is wrong, and pins a key at first use.
That the relay sees both come from one network address, at one time, is not hidden.

Spec: docs/client.md#two-connections
"""

from collections.abc import Sequence
from typing import Final, Protocol

import trio

from client.engine.attempts import Attempts
from client.engine.holdoffs import Holdoffs
from client.engine.relay_settings import required_relay
from client.engine.shared import Shared
from client.errors import UserError
from client.network.connection import RelayConnection, open_connection
from client.network.failures import ConnectionLost
from client.network.one_error import one_error
from client.store.transaction import Transaction
from client.values import Connection

# Shorter than the time after which it would have to be pinged.
ANONYMOUS_IDLE_S: Final = 45.0


class Worker(Protocol):
    """Has work for the anonymous connection now and then."""

    holdoffs: Holdoffs

    def has_work(self, tx: Transaction) -> bool:
        """Tell whether there is something that may go now."""

    async def work_on(self, connection: RelayConnection) -> None:
        """Do what there is, for as long as the connection is good for it."""


class AnonymousLine:
    """Opens the connection when one of ``workers`` needs it, and closes it when none does."""

    def __init__(self, shared: Shared, workers: Sequence[Worker]) -> None:
        self._shared = shared
        self._workers = workers

    async def run(self) -> None:
        """Serve the workers, for ever."""
        attempts = Attempts(self._shared.surroundings.random_bytes)
        while True:
            attempts.begin()
            try:
                await self._wait_for_work()
                await self._connect_and_work()
            except UserError as problem:
                self._tell(problem)
                await attempts.pause(problem)

    async def _wait_for_work(self) -> None:
        while True:
            heard = self._shared.changed.count
            is_online = self._shared.standing.connection is Connection.ONLINE
            if is_online and await self._has_work():
                return
            with trio.move_on_at(self._next_end()):
                await self._shared.changed.wait_beyond(heard)

    async def _connect_and_work(self) -> None:
        address = await self._shared.read(required_relay)
        dialed = await self._shared.dialer(address)
        async with open_connection(dialed) as connection:
            with one_error():
                async with trio.open_nursery() as nursery:
                    done = nursery.cancel_scope
                    for worker in self._workers:
                        nursery.start_soon(_until_done, worker, connection, done)
                    nursery.start_soon(_raise_when_lost, connection)
                    await self._wait_until_idle()
                    done.cancel()

    async def _wait_until_idle(self) -> None:
        idle_since = trio.current_time()
        while True:
            heard = self._shared.changed.count
            if await self._has_work():
                idle_since = trio.current_time()
            with trio.move_on_at(idle_since + ANONYMOUS_IDLE_S):
                await self._shared.changed.wait_beyond(heard)
                continue
            return

    async def _has_work(self) -> bool:
        for worker in self._workers:
            worker.holdoffs.forget_past()
        return await self._shared.read(
            lambda tx: any(worker.has_work(tx) for worker in self._workers)
        )

    def _next_end(self) -> float:
        return min(worker.holdoffs.next_end() for worker in self._workers)

    def _tell(self, problem: UserError) -> None:
        """Say what is wrong with this connection, where the other one says nothing."""
        is_online = self._shared.standing.connection is Connection.ONLINE
        if is_online and not isinstance(problem, ConnectionLost):
            self._shared.standing.troubled(problem)


async def _until_done(worker: Worker, connection: RelayConnection, done: trio.CancelScope) -> None:
    await worker.work_on(connection)
    done.cancel()


async def _raise_when_lost(connection: RelayConnection) -> None:
    raise await connection.wait_closed()
