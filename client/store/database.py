"""Transactions from async code.

SQLite blocks, so transactions run in the runner of blocking calls that comes in
the Surroundings: a thread for real, at once in a simulation. One at a time in a
process (a lock), one writer at a time among processes (BEGIN IMMEDIATE).

Cancellation: the runner does not abandon a call that has begun, because a
commit cannot be called back; its result is given, and the cancellation takes
effect at the caller's next checkpoint. What still waits for the lock never begins.
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import apsw
import trio

from client.store.connection import DatabaseKey, open_database_file
from client.store.faults import told_in_sentences
from client.store.transaction import Transaction, run_reading, run_transaction
from client.values import RunBlocking

T = TypeVar("T")


class Database:
    """An open database; made by :func:`open_database`."""

    def __init__(self, connection: apsw.Connection, run_blocking: RunBlocking) -> None:
        self._connection = connection
        self._run_blocking = run_blocking
        self._lock = trio.Lock()

    async def write(self, function: Callable[[Transaction], T]) -> T:
        """Run ``function`` in a transaction and commit; on disk when this returns.

        Raises:
            LocalError: the disk is full, failing or read-only, the file is
                damaged, or another process keeps the lock for 10 seconds.
            Exception: whatever ``function`` raised; then nothing has changed.
        """
        return await self._run(lambda: run_transaction(self._connection, function))

    async def read(self, function: Callable[[Transaction], T]) -> T:
        """Run ``function`` on one unchanging view; errors as for :meth:`write`."""
        return await self._run(lambda: run_reading(self._connection, function))

    async def data_version(self) -> int:
        """Give a number that changes when another process has committed (4 us of work)."""
        return await self._run(lambda: int(self._connection.pragma("data_version")))

    async def close(self) -> None:
        """Close the file, after the transaction that is under way."""
        await self._run(self._connection.close)

    async def _run(self, call: Callable[[], T]) -> T:
        def blocking() -> T:
            with told_in_sentences():
                return call()

        async with self._lock:
            return await self._run_blocking(blocking)


@asynccontextmanager
async def open_database(
    path: Path, key: DatabaseKey, run_blocking: RunBlocking, *, vfs: str = ""
) -> AsyncGenerator[Database, None]:
    """Open an existing database, and close it at the end of the block.

    Args:
        vfs: SQLite's way to the disk; empty for the ordinary one.

    Raises:
        LocalError: missing, damaged, under another key, foreign or newer.
    """
    connection = await run_blocking(lambda: open_database_file(path, key, vfs=vfs))
    database = Database(connection, run_blocking)
    try:
        yield database
    finally:
        with trio.CancelScope(shield=True):
            await database.close()
