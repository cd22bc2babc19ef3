"""Files of messages: what a line shows of them, and which object files hold them.

    media           a file of a line: label, size, SHA-256 of the whole
    media_parts     the objects that make it up, in order
    media_objects   an object file beside the database: its random name, its key

One object per distinct content within a conversation; two lines with the same file share it.
The file is sealed as an object of a backup is (:mod:`client.profile.media_folder`), so that a
backup copies its bytes as they are.

Spec: docs/formats.md#media
"""

from dataclasses import dataclass
from typing import Final

from client.store.transaction import Row, Transaction
from protocol.archive.keys import ObjectKey
from protocol.ids import Name

TABLE: Final = (
    """
    CREATE TABLE media_objects (
        object_id INTEGER PRIMARY KEY AUTOINCREMENT,
        peer TEXT NOT NULL,
        file TEXT NOT NULL UNIQUE,
        key BLOB NOT NULL CHECK (length(key) = 32),
        content_hash BLOB NOT NULL CHECK (length(content_hash) = 32),
        content_bytes INTEGER NOT NULL,
        UNIQUE (peer, content_hash)
    ) STRICT
    """,
    """
    CREATE TABLE media (
        media_id INTEGER PRIMARY KEY AUTOINCREMENT,
        peer TEXT NOT NULL,
        line INTEGER NOT NULL REFERENCES history (row_id) ON DELETE CASCADE,
        label TEXT NOT NULL,
        size INTEGER NOT NULL,
        content_hash BLOB NOT NULL CHECK (length(content_hash) = 32)
    ) STRICT
    """,
    "CREATE INDEX media_lines ON media (peer, line)",
    "CREATE INDEX media_of_line ON media (line)",
    """
    CREATE TABLE media_parts (
        media_id INTEGER NOT NULL REFERENCES media (media_id) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        object_id INTEGER NOT NULL REFERENCES media_objects (object_id),
        PRIMARY KEY (media_id, number)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX media_parts_objects ON media_parts (object_id)",
)


@dataclass(frozen=True, slots=True)
class MediaObject:
    """One sealed object file.

    Args:
        file: its random name in the folder of media.
        content_hash: SHA-256 of what is sealed in it.
    """

    file: str
    key: ObjectKey
    content_hash: bytes
    content_bytes: int


@dataclass(frozen=True, slots=True)
class Medium:
    """A file of a message.

    Args:
        label: as its sender named it; shown, and never a path.
        content_hash: SHA-256 of the whole.
        parts: at least one.
    """

    label: str
    size: int
    content_hash: bytes
    parts: tuple[MediaObject, ...]


@dataclass(frozen=True, slots=True)
class NewMedia:
    """An object that the archive has not yet; ``label`` is a file's that it is part of."""

    object_id: int
    peer: Name
    label: str
    held: MediaObject


def attach(tx: Transaction, line: int, medium: Medium) -> None:
    """Hang a file on a line, which must be there.

    Of content that the conversation has already the older object is taken; the new file is then
    nobody's, and goes with the next sweep.
    """
    peer: str = tx.value("SELECT peer FROM history WHERE row_id = ?", (line,))
    media_id = tx.insert(
        "INSERT INTO media (peer, line, label, size, content_hash) VALUES (?, ?, ?, ?, ?)",
        (peer, line, medium.label, medium.size, medium.content_hash),
    )
    for number, part in enumerate(medium.parts):
        tx.execute(
            "INSERT INTO media_parts VALUES (?, ?, ?)", (media_id, number, _object(tx, peer, part))
        )


def of_line(tx: Transaction, line: int) -> list[Medium]:
    """Give the files of a line, in the order in which they were attached."""
    rows = tx.all(
        "SELECT media_id, label, size, content_hash FROM media WHERE line = ? ORDER BY media_id",
        (line,),
    )
    return [
        Medium(label, size, content_hash, _parts(tx, media_id))
        for media_id, label, size, content_hash in rows
    ]


def object_of(tx: Transaction, peer: Name, content_hash: bytes) -> MediaObject | None:
    """Give the object of this content in the conversation, or None."""
    row = tx.one(
        "SELECT file, key, content_hash, content_bytes FROM media_objects"
        " WHERE peer = ? AND content_hash = ?",
        (peer, content_hash),
    )
    return None if row is None else _media_object(row)


def not_archived(tx: Transaction) -> list[NewMedia]:
    """Give the objects that the archive has not yet, oldest first."""
    rows = tx.all(
        "SELECT object_id, media_objects.peer, min(label), file, key, media_objects.content_hash,"
        " content_bytes FROM media_objects JOIN media_parts USING (object_id)"
        " JOIN media USING (media_id) WHERE object_id NOT IN"
        " (SELECT media_object FROM archive_objects WHERE media_object IS NOT NULL)"
        " GROUP BY object_id ORDER BY object_id"
    )
    return [
        NewMedia(object_id, Name(peer), label, _media_object(tuple(columns)))
        for object_id, peer, label, *columns in rows
    ]


def forget_unused(tx: Transaction) -> None:
    """Forget the objects, and with them the keys, that no line has any more."""
    tx.execute(
        "DELETE FROM media_objects WHERE object_id NOT IN (SELECT object_id FROM media_parts)"
    )


def files(tx: Transaction) -> frozenset[str]:
    """Give the names of all object files that are somebody's."""
    return frozenset(file for (file,) in tx.all("SELECT file FROM media_objects"))


def _object(tx: Transaction, peer: str, part: MediaObject) -> int:
    """Give the row of an object, a new one if the conversation has none of this content."""
    tx.execute(
        "INSERT INTO media_objects (peer, file, key, content_hash, content_bytes)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (peer, content_hash) DO NOTHING",
        (peer, part.file, part.key.expose(), part.content_hash, part.content_bytes),
    )
    object_id: int = tx.value(
        "SELECT object_id FROM media_objects WHERE peer = ? AND content_hash = ?",
        (peer, part.content_hash),
    )
    return object_id


def _parts(tx: Transaction, media_id: int) -> tuple[MediaObject, ...]:
    rows = tx.all(
        "SELECT file, key, content_hash, content_bytes FROM media_parts"
        " JOIN media_objects USING (object_id) WHERE media_id = ? ORDER BY number",
        (media_id,),
    )
    return tuple(map(_media_object, rows))


def _media_object(row: Row) -> MediaObject:
    file, key, content_hash, content_bytes = row
    return MediaObject(file, ObjectKey(key), content_hash, content_bytes)
