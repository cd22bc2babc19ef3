"""Blobs in a SQLite file of their own, ``blobs.db``.

A put is durable when it returns: one transaction and one sync for up to
MAX_BLOB_PART_BYTES. Two connections, as in :mod:`server.store.sqlite.store`.

Spec: docs/relay.md#blobs
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import apsw

from protocol.ids import BlobId
from protocol.limits import BLOB_SALT_LIFE_MS
from protocol.records import ListedBlob
from server.limits.values import BlobQuota
from server.store.blobs import BlobPut, BlobSlice
from server.store.sqlite import blob_rows
from server.store.sqlite.blob_schema import BLOB_DATABASE
from server.store.sqlite.database import open_database
from server.store.sqlite.lane import Lane, Runner

# Blobs removed in one transaction: at most so many megabytes of pieces become free at once.
_EXPIRED_AT_ONCE = 8


class SqliteBlobs:
    """Blobs on disk (see :class:`server.store.blobs.BlobStore`)."""

    def __init__(self, writer: Lane, reader: Lane, now_ms: Callable[[], int]) -> None:
        """Use :meth:`open`."""
        self._writer = writer
        self._reader = reader
        self._now_ms = now_ms

    @classmethod
    async def open(
        cls, path: Path, now_ms: Callable[[], int], run: Runner, vfs: str | None
    ) -> "SqliteBlobs":
        """Open the file, making it if there is none.

        Raises:
            DatabaseRefused: the file is foreign, newer or damaged.
            StoreTrouble: the environment does not allow it.
        """
        opening = partial(open_database, path, vfs, BLOB_DATABASE)
        return cls(Lane(await run(opening), run), Lane(await run(opening), run), now_ms)

    async def salt(self, fresh: bytes) -> bytes:
        """Give the salt, or take a new one."""
        now_ms = self._now_ms()
        kept = await self._reader.read(_kept_salt, now_ms)
        if kept is None:
            return await self._writer.write(_salt, fresh, now_ms)
        return kept

    async def put(self, put: BlobPut, quota: BlobQuota) -> int:
        """Keep bytes that continue a blob."""
        return await self._writer.write(blob_rows.put, put, quota, self._now_ms())

    async def read(self, blob_id: BlobId, offset: int, length: int) -> BlobSlice:
        """Give bytes of a whole blob."""
        return await self._reader.read(blob_rows.read, blob_id, offset, length, self._now_ms())

    async def delete(self, blob_id: BlobId, secret_hash: bytes) -> None:
        """Delete a blob."""
        await self._writer.write(blob_rows.delete, blob_id, secret_hash, self._now_ms())

    async def listed(
        self, secret_hash: bytes, after: BlobId | None, most: int
    ) -> tuple[ListedBlob, ...]:
        """Give whole blobs of a secret."""
        return await self._reader.read(blob_rows.listed, secret_hash, after, most, self._now_ms())

    async def refresh(
        self, secret_hash: bytes, blob_ids: Sequence[BlobId], source: bytes, quota: BlobQuota
    ) -> int:
        """Let whole blobs of a secret live on."""
        ids = list(blob_ids)
        return await self._writer.write(
            blob_rows.refresh, secret_hash, ids, source, quota, self._now_ms()
        )

    async def expire(self) -> int:
        """Remove what nobody refreshed, a few blobs at a time."""
        total, now_ms = 0, self._now_ms()
        while done := await self._writer.write(blob_rows.expire_some, _EXPIRED_AT_ONCE, now_ms):
            total += done
        return total

    async def close(self) -> None:
        """Close both connections; the last one folds the log into the file."""
        await self._reader.close()
        await self._writer.close()


def _kept_salt(connection: apsw.Connection, now_ms: int) -> bytes | None:
    kept: bytes | None = connection.execute(
        "SELECT salt FROM salt WHERE made_ms > ?", (now_ms - BLOB_SALT_LIFE_MS,)
    ).get
    return kept


def _salt(connection: apsw.Connection, fresh: bytes, now_ms: int) -> bytes:
    # Looked for again: another connection may have been first.
    if (kept := _kept_salt(connection, now_ms)) is not None:
        return kept
    connection.execute("INSERT OR REPLACE INTO salt VALUES (1, ?, ?)", (fresh, now_ms))
    return fresh
