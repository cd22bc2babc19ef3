"""One group of segments into the history, in the transaction of whoever calls.

Spec: docs/backup.md#reading
"""

from collections.abc import Sequence
from dataclasses import dataclass

from client.backup.reading.lines import RestoredFile, SegmentLines
from client.store import archive, archive_changes, archive_objects, contacts, media, restoring
from client.store.media import MediaObject, Medium
from client.store.restored_lines import add_at_positions, merge
from client.store.transaction import Transaction
from client.values import MessageState
from protocol.archive.entry import Entry
from protocol.randomness import RandomBytes

_FILE_NAME_BYTES = 16


@dataclass(frozen=True, slots=True)
class Part:
    """What is wanted of one segment.

    Args:
        path: noted as done, if all of the segment is wanted; else None.
    """

    path: str | None
    content: SegmentLines


def take_in(
    tx: Transaction, parts: Sequence[Part], random_bytes: RandomBytes, *, fresh: bool
) -> int:
    """Add the lines that are not there, with what hangs on them; give how many.

    Args:
        fresh: at their positions; else under new row ids.
    """
    restoring.hold_more_pages(tx)
    before = archive_changes.newest_number(tx)
    rows = [_take_in_one(tx, part.content, random_bytes, fresh=fresh) for part in parts]
    if fresh and archive.find(tx) is not None:
        archive_changes.not_news(tx, before)
        for part, added in zip(parts, rows, strict=True):
            _note_failed(tx, part.content, added)
    restoring.note(tx, [part.path for part in parts if part.path])
    return sum(map(len, rows))


def _take_in_one(
    tx: Transaction, content: SegmentLines, random_bytes: RandomBytes, *, fresh: bool
) -> dict[int, int]:
    contacts.know(tx, content.lines.peer)
    rows = add_at_positions(tx, content.lines) if fresh else merge(tx, content.lines)
    for file in content.files:
        if file.position in rows:
            media.attach(tx, rows[file.position], _medium(file, random_bytes))
            for entry in file.parts:
                archive_objects.link_media(tx, entry)
    return rows


def _medium(file: RestoredFile, random_bytes: RandomBytes) -> Medium:
    """Give the file as the history has it: its objects are named here, and come later."""
    parts = tuple(_object(entry, random_bytes) for entry in file.parts)
    fact = file.media
    return Medium(fact.label, fact.size, fact.content_hash, parts)


def _object(entry: Entry, random_bytes: RandomBytes) -> MediaObject:
    name = random_bytes(_FILE_NAME_BYTES).hex()
    return MediaObject(name, entry.key, entry.content_hash, entry.content_bytes)


def _note_failed(tx: Transaction, content: SegmentLines, added: dict[int, int]) -> None:
    """Note the lines that are not as the archive has them: what was queued has failed."""
    queued = [row.position for row in content.lines.rows if row.state == MessageState.QUEUED]
    archive_changes.note(tx, content.lines.peer, [at for at in queued if at in added])
