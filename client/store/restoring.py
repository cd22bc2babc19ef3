"""A restore that is under way in this profile: from which backup, and how far it has come.

    begin ──▶ state, text: one path noted with each part ──mark_text_done──▶ files ──end──▶ no row

A profile whose history was empty at the beginning is *fresh*: its lines get the row ids that
they have as positions in the backup, so that it can go on with that backup. Into a used one
they come under new row ids.

Spec: docs/formats.md#restoring
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from client.errors import LocalError
from client.store.transaction import Transaction

TABLE: Final = (
    """
    CREATE TABLE restoring (
        row_id INTEGER PRIMARY KEY CHECK (row_id = 1),
        archive_id BLOB NOT NULL CHECK (length(archive_id) = 16),
        manifest_hash BLOB NOT NULL CHECK (length(manifest_hash) = 32),
        fresh INTEGER NOT NULL,
        last_position INTEGER NOT NULL,
        text_done INTEGER NOT NULL DEFAULT 0
    ) STRICT
    """,
    "CREATE TABLE restored (path TEXT PRIMARY KEY) STRICT, WITHOUT ROWID",
)


@dataclass(frozen=True, slots=True)
class Restoring:
    """A restore.

    Args:
        manifest_hash: of the backup that is being read, 32 bytes.
        fresh: row ids are the backup's positions.
        last_position: the highest of the backup; later lines of this device are beyond it.
        text_done: only files of messages are missing.
    """

    archive_id: bytes
    manifest_hash: bytes
    fresh: bool
    last_position: int
    text_done: bool = False


def begin(
    tx: Transaction, archive_id: bytes, manifest_hash: bytes, last_position: int
) -> Restoring:
    """Note that a restore begins; row ids up to ``last_position`` are kept free for it if fresh."""
    fresh = tx.value("SELECT seq FROM sqlite_sequence WHERE name = 'history'") is None
    tx.execute(
        "INSERT INTO restoring VALUES (1, ?, ?, ?, ?, 0)",
        (archive_id, manifest_hash, fresh, last_position),
    )
    if fresh:
        tx.execute(
            "INSERT INTO sqlite_sequence (name, seq) VALUES ('history', ?)", (last_position,)
        )
    return Restoring(archive_id, manifest_hash, fresh, last_position)


def find(tx: Transaction) -> Restoring | None:
    """Give the restore that is under way, or None."""
    row = tx.one("SELECT archive_id, manifest_hash, fresh, last_position, text_done FROM restoring")
    if row is None:
        return None
    archive_id, manifest_hash, fresh, last_position, text_done = row
    return Restoring(archive_id, manifest_hash, bool(fresh), last_position, bool(text_done))


def require_text_done(tx: Transaction) -> None:
    """Let nobody make a backup of half a history.

    Raises:
        LocalError: messages are still being restored.
    """
    restoring = find(tx)
    if restoring is not None and not restoring.text_done:
        raise LocalError(
            "The messages of this profile are not all restored yet.",
            why="A backup made now would lack the others.",
            hint="End the restore first: call the same 'glasspost restore' again.",
        )


def hold_more_pages(tx: Transaction) -> None:
    """Let this connection keep 64 MiB of the database in memory, and 128 MiB in the log.

    Message ids are random, so their index is written all over with each group of lines: what
    waits in the log is moved into the file once and not each time.
    """
    tx.execute("PRAGMA cache_size = -65536")
    tx.execute("PRAGMA wal_autocheckpoint = 32768")


def note(tx: Transaction, paths: Iterable[str]) -> None:
    """Note that these objects are in."""
    tx.execute_many("INSERT OR IGNORE INTO restored VALUES (?)", ((path,) for path in paths))


def noted(tx: Transaction) -> frozenset[str]:
    """Give the objects that are in."""
    return frozenset(path for (path,) in tx.all("SELECT path FROM restored"))


def mark_text_done(tx: Transaction) -> None:
    """Note that all messages are in."""
    tx.execute("UPDATE restoring SET text_done = 1")


def end(tx: Transaction) -> None:
    """Forget the restore."""
    tx.execute("DELETE FROM restoring")
    tx.execute("DELETE FROM restored")


def start_over(tx: Transaction, manifest_hash: bytes, last_position: int) -> None:
    """Go on from another backup of the same archive, made since: drop what came from the other.

    Which version of a line counts is told by the order of one manifest only. What this device
    itself has filed meanwhile stays.
    """
    if tx.value("SELECT fresh FROM restoring"):
        _drop_restored(tx)
    tx.execute("DELETE FROM restored")
    tx.execute(
        "UPDATE restoring SET manifest_hash = ?, last_position = max(last_position, ?),"
        " text_done = 0",
        (manifest_hash, last_position),
    )
    tx.execute(
        "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'history'", (last_position,)
    )


def _drop_restored(tx: Transaction) -> None:
    tx.execute("DELETE FROM history WHERE row_id <= (SELECT last_position FROM restoring)")
    tx.execute("INSERT INTO history_words (history_words) VALUES ('delete-all')")
    tx.execute(
        "INSERT INTO history_words (rowid, text)"
        " SELECT row_id, text FROM history WHERE kind = 'text'"
    )
