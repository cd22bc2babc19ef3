"""What a vault keeps, in a SQLite file: records, and the log of each.

A change is one transaction: load, decide, store. It holds the database's write lock
from before the record is read, so no other change of it can come in between, from
this connection or any other; and it is on disk (``synchronous=FULL``) when it returns.

Spec: docs/vault.md#a-request
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import apsw

from protocol.limits import MAX_LISTED_VAULT_EVENTS, MAX_VAULT_EVENTS
from protocol.packing import pack, unpack_untrusted
from protocol.recovery.decision import Decision
from protocol.recovery.event import VaultEvent
from protocol.recovery.vault import erasure_due_ms
from protocol.recovery.vault_record import VaultRecord
from server.store.sqlite.database import open_database
from server.store.sqlite.lane import Lane, Runner, in_thread
from server.vault.schema import VAULT_DATABASE

T = TypeVar("T")

Deciding = Callable[[VaultRecord | None], tuple[Decision | None, T]]
"""From what is stored to what is to be stored, and what to give to whoever asked."""

_MOST_EVENT_BYTES: Final = 256
_HIGHEST_SEQUENCE: Final = (1 << 63) - 1
_DUE_AT_ONCE: Final = 100


class VaultStore:
    """A vault's disk. Every method may raise StoreTrouble; then nothing was changed."""

    def __init__(self, lane: Lane) -> None:
        """Use :meth:`open`."""
        self._lane = lane

    @classmethod
    async def open(
        cls, path: Path, run: Runner = in_thread, vfs: str | None = None
    ) -> "VaultStore":
        """Open the file, making it if there is none.

        Args:
            path: the database; its folder exists.
            run: runs blocking calls.
            vfs: the name of an apsw VFS, for tests that watch the disk.

        Raises:
            DatabaseRefused: the file is foreign, newer or damaged.
            StoreTrouble: the environment does not allow it.
        """
        store = cls(Lane(await run(partial(open_database, path, vfs, VAULT_DATABASE)), run))
        # A process that was killed after an erasure has left the share in the log.
        await store._forget_log()
        return store

    async def change(self, record_id: bytes, decide: Deciding[T]) -> T:
        """Load a record, ask ``decide``, store; durable when this returns.

        What ``decide`` raises is raised here, and nothing was changed.
        """
        work: Callable[[apsw.Connection], tuple[T, bool]] = partial(_change, record_id, decide)
        result, share_is_gone = await self._lane.write(work)
        if share_is_gone:
            await self._forget_log()
        return result

    async def read(self, record_id: bytes) -> VaultRecord | None:
        """Give a record."""
        return await self._lane.read(_load, record_id)

    async def events(self, record_id: bytes, from_sequence: int) -> tuple[VaultEvent, ...]:
        """Give the kept entries of a log from one on, MAX_LISTED_VAULT_EVENTS at most."""
        return await self._lane.read(_events, record_id, min(from_sequence, _HIGHEST_SEQUENCE))

    async def due(self, now_ms: int) -> list[bytes]:
        """Give the ids of some records whose share is to be erased by now."""
        return await self._lane.read(_due, now_ms)

    async def close(self) -> None:
        """Close the file."""
        await self._lane.close()

    async def _forget_log(self) -> None:
        """Fold the write-ahead log into the file, and leave nothing in it."""
        await self._lane.read(_checkpoint)


def _change(record_id: bytes, decide: Deciding[T], connection: apsw.Connection) -> tuple[T, bool]:
    stored = _load(connection, record_id)
    decision, result = decide(stored)
    if decision is None or decision.record == stored:
        return result, False
    _store(connection, decision)
    return result, stored is not None and stored.share is not None and decision.record.share is None


def _load(connection: apsw.Connection, record_id: bytes) -> VaultRecord | None:
    state = connection.execute("SELECT state FROM record WHERE id = ?", (record_id,)).get
    return None if state is None else VaultRecord.decode(state)


def _store(connection: apsw.Connection, decision: Decision) -> None:
    record = decision.record
    connection.execute(
        "INSERT OR REPLACE INTO record VALUES (?, ?, ?)",
        (record.record_id, record.encode(), erasure_due_ms(record)),
    )
    connection.executemany(
        "INSERT INTO event VALUES (?, ?, ?)",
        [(record.record_id, event.sequence, pack(event)) for event in decision.events],
    )
    connection.execute(
        "DELETE FROM event WHERE record = ? AND sequence < ?",
        (record.record_id, record.log_end.sequence - MAX_VAULT_EVENTS),
    )


def _events(
    connection: apsw.Connection, record_id: bytes, from_sequence: int
) -> tuple[VaultEvent, ...]:
    rows: list[Any] = connection.execute(
        "SELECT entry FROM event WHERE record = ? AND sequence >= ? ORDER BY sequence LIMIT ?",
        (record_id, from_sequence, MAX_LISTED_VAULT_EVENTS),
    ).fetchall()
    return tuple(unpack_untrusted(VaultEvent, entry, _MOST_EVENT_BYTES) for (entry,) in rows)


def _due(connection: apsw.Connection, now_ms: int) -> list[bytes]:
    rows: list[Any] = connection.execute(
        "SELECT id FROM record WHERE erase_ms <= ? ORDER BY erase_ms LIMIT ?",
        (now_ms, _DUE_AT_ONCE),
    ).fetchall()
    return [record_id for (record_id,) in rows]


def _checkpoint(connection: apsw.Connection) -> None:
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
