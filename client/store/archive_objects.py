"""What the storage holds of this profile's backup: objects, and which backups name them.

An object is named by the backups of ``added`` to ``dropped`` (not included; null while the
newest will name it too). An epoch that has no backup yet is that of the one being made: so what
was put for a backup that was stopped stands here already, and the next run goes on from it.
In the order of ``object_id`` the entries stand in a manifest.

    archive_objects   every object that a retained backup, or the one being made, needs
    archive_backups   the retained ones; stale: its manifest has to be written anew
    archive_unneeded  what lies in the storage for nobody, since when

Spec: docs/formats.md#archive_objects
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from client.store.transaction import Row, Transaction
from protocol.archive.entry import Entry
from protocol.archive.layout import ObjectKind

TABLE: Final = (
    """
    CREATE TABLE archive_objects (
        object_id INTEGER PRIMARY KEY AUTOINCREMENT,
        path TEXT NOT NULL UNIQUE,
        kind INTEGER NOT NULL,
        conversation TEXT NOT NULL,
        entry BLOB NOT NULL,
        media_object INTEGER,
        added INTEGER NOT NULL,
        dropped INTEGER
    ) STRICT
    """,
    "CREATE INDEX archive_objects_kinds ON archive_objects (kind, conversation)",
    "CREATE INDEX archive_objects_media ON archive_objects (media_object)"
    " WHERE media_object IS NOT NULL",
    """
    CREATE TABLE archive_backups (
        epoch INTEGER PRIMARY KEY,
        made_at_ms INTEGER NOT NULL,
        entry BLOB NOT NULL,
        stale INTEGER NOT NULL DEFAULT 0
    ) STRICT
    """,
    """
    CREATE TABLE archive_unneeded (
        path TEXT PRIMARY KEY,
        since INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
)

_NAMED_BY: Final = "added <= ?1 AND (dropped IS NULL OR dropped > ?1)"


@dataclass(frozen=True, slots=True)
class ArchiveObject:
    """An object, and the first epoch whose backup names it."""

    object_id: int
    entry: Entry
    added: int


@dataclass(frozen=True, slots=True)
class Backup:
    """A retained backup, as later manifests name it."""

    epoch: int
    made_at_ms: int
    entry: Entry


# --- objects ---


def add(tx: Transaction, entry: Entry, epoch: int, media_object: int | None = None) -> None:
    """Note an object that is durable in the storage, for the backup ``epoch`` and later ones."""
    tx.execute(
        "INSERT INTO archive_objects (path, kind, conversation, entry, media_object, added)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (entry.path, entry.kind, entry.conversation, entry.encode(), media_object, epoch),
    )


def add_past(tx: Transaction, entry: Entry, added: int, dropped: int) -> None:
    """Note an object that earlier backups name, up to ``dropped``."""
    add(tx, entry, added)
    tx.execute("UPDATE archive_objects SET dropped = ? WHERE path = ?", (dropped, entry.path))


def link_media(tx: Transaction, entry: Entry) -> None:
    """Note that the file of this content in the entry's conversation is the entry's object."""
    tx.execute(
        "UPDATE archive_objects SET media_object = (SELECT object_id FROM media_objects"
        " WHERE peer = ? AND content_hash = ?) WHERE path = ?",
        (entry.conversation, entry.content_hash, entry.path),
    )


def drop(tx: Transaction, held: ArchiveObject, epoch: int) -> None:
    """Leave an object out of the backup ``epoch`` and later ones."""
    if held.added == epoch:
        remove(tx, held, epoch)
    else:
        tx.execute(
            "UPDATE archive_objects SET dropped = ? WHERE object_id = ?", (epoch, held.object_id)
        )


def remove(tx: Transaction, held: ArchiveObject, epoch: int) -> None:
    """Leave an object out of every backup, and forget its key."""
    _make_stale(tx, held)
    tx.execute("DELETE FROM archive_objects WHERE object_id = ?", (held.object_id,))
    _note_unneeded(tx, [held.entry.path], epoch)


def replace(tx: Transaction, held: ArchiveObject, entry: Entry, epoch: int) -> None:
    """Let every backup name another object in this one's place, and forget its key."""
    _make_stale(tx, held)
    tx.execute(
        "UPDATE archive_objects SET path = ?, entry = ? WHERE object_id = ?",
        (entry.path, entry.encode(), held.object_id),
    )
    _note_unneeded(tx, [held.entry.path], epoch)


def named_by(tx: Transaction, epoch: int) -> list[Entry]:
    """Give the entries of a backup, in their order."""
    rows = tx.all(
        f"SELECT entry FROM archive_objects WHERE {_NAMED_BY} ORDER BY object_id",  # noqa: S608
        (epoch,),
    )
    return [Entry.decode_untrusted(entry) for (entry,) in rows]


def single(tx: Transaction, kind: ObjectKind) -> ArchiveObject | None:
    """Give the newest object of a kind of which a backup has one, or None."""
    found = _objects(tx, "kind = ? AND dropped IS NULL", (kind,))
    return found[-1] if found else None


def newest_segments(tx: Transaction, conversation: str) -> list[ArchiveObject]:
    """Give the segments of a conversation that the next backup names, last one first."""
    found = _objects(
        tx,
        "kind = ? AND conversation = ? AND dropped IS NULL",
        (ObjectKind.SEGMENT, conversation),
    )
    return found[::-1]


def all_segments(tx: Transaction, conversation: str) -> list[ArchiveObject]:
    """Give the segments of a conversation that any backup names."""
    return _objects(tx, "kind = ? AND conversation = ?", (ObjectKind.SEGMENT, conversation))


def at(tx: Transaction, path: str) -> ArchiveObject | None:
    """Give the object at a path, or None if no backup names it."""
    found = _objects(tx, "path = ?", (path,))
    return found[0] if found else None


def forgotten_media(tx: Transaction) -> list[ArchiveObject]:
    """Give the media whose lines are all gone from this device."""
    return _objects(
        tx,
        "media_object IS NOT NULL AND media_object NOT IN (SELECT object_id FROM media_objects)",
        (),
    )


def paths(tx: Transaction) -> frozenset[str]:
    """Give where everything lies that a backup needs, manifests included."""
    objects = frozenset(path for (path,) in tx.all("SELECT path FROM archive_objects"))
    return objects.union(backup.entry.path for backup in backups_of(tx))


# --- backups ---


def backups_of(tx: Transaction) -> list[Backup]:
    """Give the retained backups, oldest first."""
    return _backups(tx, "1")


def stale_backups(tx: Transaction) -> list[Backup]:
    """Give those whose manifest has to be written anew."""
    return _backups(tx, "stale")


def add_backup(tx: Transaction, backup: Backup) -> None:
    """Note a backup, or its manifest as it was written anew."""
    tx.execute(
        "INSERT OR REPLACE INTO archive_backups VALUES (?, ?, ?, 0)",
        (backup.epoch, backup.made_at_ms, backup.entry.encode()),
    )


def renew_backup(tx: Transaction, backup: Backup, old: Entry, epoch: int) -> None:
    """Note that a backup's manifest was written anew; nobody needs the old one any more."""
    add_backup(tx, backup)
    _note_unneeded(tx, [old.path], epoch)


def expire(tx: Transaction, retained: frozenset[int], epoch: int) -> None:
    """Forget the backups that are not retained, and what none of the others names.

    Args:
        retained: epochs.
        epoch: of the backup that is being made.
    """
    for backup in backups_of(tx):
        if backup.epoch not in retained:
            tx.execute("DELETE FROM archive_backups WHERE epoch = ?", (backup.epoch,))
            _note_unneeded(tx, [backup.entry.path], epoch)
    gone = tx.all(
        "DELETE FROM archive_objects WHERE dropped IS NOT NULL AND NOT EXISTS (SELECT 1"
        " FROM archive_backups WHERE epoch >= added AND epoch < dropped) RETURNING path"
    )
    _note_unneeded(tx, [path for (path,) in gone], epoch)


# --- what nobody needs ---


def unneeded(tx: Transaction) -> dict[str, int]:
    """Give what waits for its deletion, and since which epoch."""
    return dict(tx.all("SELECT path, since FROM archive_unneeded"))


def set_unneeded(tx: Transaction, waiting: Mapping[str, int]) -> None:
    """Note what waits, and nothing else."""
    tx.execute("DELETE FROM archive_unneeded")
    for path, since in waiting.items():
        tx.execute("INSERT INTO archive_unneeded VALUES (?, ?)", (path, since))


def _note_unneeded(tx: Transaction, paths: Iterable[str], epoch: int) -> None:
    for path in paths:
        tx.execute("INSERT OR IGNORE INTO archive_unneeded VALUES (?, ?)", (path, epoch))


def _make_stale(tx: Transaction, held: ArchiveObject) -> None:
    tx.execute(
        "UPDATE archive_backups SET stale = 1 WHERE epoch >= ?2 AND epoch < coalesce("
        "(SELECT dropped FROM archive_objects WHERE object_id = ?1), epoch + 1)",
        (held.object_id, held.added),
    )


def _objects(
    tx: Transaction, condition: str, parameters: tuple[int | str, ...]
) -> list[ArchiveObject]:
    rows = tx.all(
        f"SELECT object_id, entry, added FROM archive_objects WHERE {condition}"  # noqa: S608
        " ORDER BY object_id",
        parameters,
    )
    return [ArchiveObject(number, Entry.decode_untrusted(entry), at) for number, entry, at in rows]


def _backups(tx: Transaction, condition: str) -> list[Backup]:
    rows: list[Row] = tx.all(
        f"SELECT epoch, made_at_ms, entry FROM archive_backups WHERE {condition}"  # noqa: S608
        " ORDER BY epoch"
    )
    return [Backup(epoch, made, Entry.decode_untrusted(entry)) for epoch, made, entry in rows]
