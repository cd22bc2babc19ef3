"""One connection to a database, and who runs its blocking calls.

Blocking calls go through a runner given as parameter: a worker thread in
production, inline in a simulation, where time must not pass while a thread commits.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Protocol, TypeVar

import apsw
import trio

from server.store.sqlite.database import transaction, translated

T = TypeVar("T")


class Runner(Protocol):
    """Runs a blocking call and gives its result."""

    def __call__(self, job: Callable[[], T]) -> Awaitable[T]:
        """Run ``job``; what it raises is raised here."""


async def in_thread(job: Callable[[], T]) -> T:
    """Run ``job`` in a worker thread; a cancellation waits for its end."""
    return await trio.to_thread.run_sync(job)


async def inline(job: Callable[[], T]) -> T:
    """Run ``job`` here and now, for simulations."""
    await trio.lowlevel.checkpoint()
    return job()


class Lane:
    """One connection, used by one call at a time."""

    def __init__(self, connection: apsw.Connection, run: Runner) -> None:
        self._connection = connection
        self._run = run
        self._lock = trio.Lock()

    async def read(self, work: Callable[..., T], *args: Any) -> T:
        """Call ``work(connection, *args)``; a statement sees one state, two may see two."""
        async with self._lock:
            return await self._run(partial(self._read, work, *args))

    async def write(self, work: Callable[..., T], *args: Any) -> T:
        """Call ``work(connection, *args)`` in a transaction, which is durable afterwards."""
        async with self._lock:
            return await self._run(partial(self._write, work, *args))

    async def close(self) -> None:
        """Close the connection when the call under way has ended."""
        async with self._lock:
            await self._run(self._connection.close)

    def _read(self, work: Callable[..., T], *args: Any) -> T:
        with translated():
            return work(self._connection, *args)

    def _write(self, work: Callable[..., T], *args: Any) -> T:
        with transaction(self._connection):
            return work(self._connection, *args)
