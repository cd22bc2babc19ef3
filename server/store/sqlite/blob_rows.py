"""Blobs as rows: every function takes a connection, and runs in the caller's transaction."""

from dataclasses import dataclass
from typing import Any

import apsw

from protocol.ids import BlobId
from protocol.limits import BLOB_PIECE_BYTES, MAX_BLOB_PART_BYTES
from protocol.records import ListedBlob
from server.limits.values import BlobQuota
from server.store.blob_rules import (
    Usage,
    expiry_ms,
    known_part,
    new_part,
    require_possible,
    require_room,
    require_secret,
)
from server.store.blobs import BlobConflict, BlobPut, BlobSlice, NoSuchBlob
from server.store.sqlite.blob_schema import INDEX_BITS, place


@dataclass(frozen=True, slots=True)
class _Blob:
    number: int
    secret_hash: bytes
    size: int
    received: int


def put(connection: apsw.Connection, put: BlobPut, quota: BlobQuota, now_ms: int) -> int:
    """Keep bytes that continue a blob; give the number of bytes on disk."""
    require_possible(put)
    blob = _find(connection, put.blob_id, now_ms)
    received = 0 if blob is None else blob.received
    if blob is not None:
        require_secret(blob.secret_hash, put.secret_hash)
        _require_same(connection, blob, put)
    new = new_part(put, received)
    if not new and (blob is not None or put.size):
        return received
    number = _begin(connection, put, quota, now_ms) if blob is None else blob.number
    _append(connection, number, received, new)
    received += len(new)
    connection.execute(
        "UPDATE blob SET received = ?, expires_ms = ? WHERE number = ?",
        (received, expiry_ms(now_ms, received, put.size), number),
    )
    return received


def read(
    connection: apsw.Connection, blob_id: BlobId, offset: int, length: int, now_ms: int
) -> BlobSlice:
    """Give bytes of a whole blob: one statement, so that no deletion comes between."""
    length = min(length, MAX_BLOB_PART_BYTES)
    # SQLite's integers are smaller than the wire's; behind every blob is behind every blob.
    offset = min(offset, BLOB_PIECE_BYTES << INDEX_BITS)
    rows: list[tuple[Any, ...]] = connection.execute(
        "SELECT size, data FROM blob LEFT JOIN piece"
        " ON place BETWEEN (number << ?) + ? AND (number << ?) + ?"
        " AND place < (number + 1) << ?"
        " WHERE id = ? AND received = size AND expires_ms > ? ORDER BY place",
        (
            INDEX_BITS,
            place(0, offset),
            INDEX_BITS,
            place(0, offset + length),
            INDEX_BITS,
            blob_id,
            now_ms,
        ),
    ).fetchall()
    if not rows:
        raise NoSuchBlob
    data = b"".join(data for _, data in rows if data is not None)
    return BlobSlice(rows[0][0], data[offset % BLOB_PIECE_BYTES :][:length])


def delete(connection: apsw.Connection, blob_id: BlobId, secret_hash: bytes, now_ms: int) -> None:
    """Delete a blob, if there is one."""
    blob = _find(connection, blob_id, now_ms)
    if blob is not None:
        require_secret(blob.secret_hash, secret_hash)
        _remove(connection, blob.number)


def listed(
    connection: apsw.Connection, secret_hash: bytes, after: BlobId | None, most: int, now_ms: int
) -> tuple[ListedBlob, ...]:
    """Give whole blobs of a secret, by id."""
    rows = connection.execute(
        "SELECT id, size, expires_ms FROM blob WHERE secret_hash = ? AND id > ?"
        " AND received = size AND expires_ms > ? ORDER BY id LIMIT ?",
        (secret_hash, after or b"", now_ms, most),
    )
    return tuple(ListedBlob(*row) for row in rows)


def refresh(
    connection: apsw.Connection,
    secret_hash: bytes,
    blob_ids: list[BlobId],
    source: bytes,
    quota: BlobQuota,
    now_ms: int,
) -> int:
    """Let whole blobs of a secret live on; ``source`` pays for them from now on."""
    marks = ", ".join("?" * len(blob_ids))
    found: list[tuple[Any, ...]] = connection.execute(
        "SELECT number, size, source FROM blob WHERE secret_hash = ?"  # noqa: S608
        f" AND received = size AND expires_ms > ? AND id IN ({marks})",
        (secret_hash, now_ms, *blob_ids),
    ).fetchall()
    moved = [size for _, size, payer in found if payer != source]
    if moved:
        usage = _usage(connection, source, now_ms)
        # They are in the sum of all already: what moves is not counted there twice.
        rest = Usage(usage.count, usage.size_bytes, usage.bytes_in_all - sum(moved))
        require_room(rest, len(moved), sum(moved), quota)
    connection.executemany(
        "UPDATE blob SET source = ?, expires_ms = ? WHERE number = ?",
        [(source, expiry_ms(now_ms, size, size), number) for number, size, _ in found],
    )
    return len(found)


def expire_some(connection: apsw.Connection, most: int, now_ms: int) -> int:
    """Remove at most so many expired blobs; give their number."""
    old: list[tuple[Any, ...]] = connection.execute(
        "SELECT number FROM blob WHERE expires_ms <= ? LIMIT ?", (now_ms, most)
    ).fetchall()
    for (number,) in old:
        _remove(connection, number)
    return len(old)


def _find(connection: apsw.Connection, blob_id: BlobId, now_ms: int) -> _Blob | None:
    row = connection.execute(
        "SELECT number, secret_hash, size, received FROM blob WHERE id = ? AND expires_ms > ?",
        (blob_id, now_ms),
    ).fetchone()
    return None if row is None else _Blob(*row)


def _require_same(connection: apsw.Connection, blob: _Blob, put: BlobPut) -> None:
    known = known_part(put, blob.received)
    if blob.size != put.size or known != _stored(connection, blob.number, put.offset, len(known)):
        raise BlobConflict


def _stored(connection: apsw.Connection, number: int, offset: int, length: int) -> bytes:
    if not length:
        return b""
    rows = connection.execute(
        "SELECT data FROM piece WHERE place BETWEEN ? AND ? ORDER BY place",
        (place(number, offset), place(number, offset + length - 1)),
    )
    return b"".join(data for (data,) in rows)[offset % BLOB_PIECE_BYTES :][:length]


def _begin(connection: apsw.Connection, put: BlobPut, quota: BlobQuota, now_ms: int) -> int:
    require_room(_usage(connection, put.source, now_ms), 1, put.size, quota)
    expired: int | None = connection.execute(
        "SELECT number FROM blob WHERE id = ?", (put.blob_id,)
    ).get
    if expired is not None:
        _remove(connection, expired)
    connection.execute(
        "INSERT INTO blob (id, secret_hash, source, size, received, expires_ms)"
        " VALUES (?, ?, ?, ?, 0, 0)",
        (put.blob_id, put.secret_hash, put.source, put.size),
    )
    return connection.last_insert_rowid()


def _append(connection: apsw.Connection, number: int, received: int, new: bytes) -> None:
    connection.executemany(
        "INSERT INTO piece VALUES (?, ?)",
        [
            (place(number, received + start), new[start : start + BLOB_PIECE_BYTES])
            for start in range(0, len(new), BLOB_PIECE_BYTES)
        ],
    )


def _remove(connection: apsw.Connection, number: int) -> None:
    connection.execute(
        "DELETE FROM piece WHERE place BETWEEN ? AND ?",
        (number << INDEX_BITS, ((number + 1) << INDEX_BITS) - 1),
    )
    connection.execute("DELETE FROM blob WHERE number = ?", (number,))


def _usage(connection: apsw.Connection, source: bytes, now_ms: int) -> Usage:
    count, size_bytes = connection.execute(
        "SELECT count(*), total(size) FROM blob WHERE source = ? AND expires_ms > ?",
        (source, now_ms),
    ).get
    in_all = connection.execute("SELECT total(size) FROM blob WHERE expires_ms > ?", (now_ms,)).get
    return Usage(count, int(size_bytes), int(in_all))
