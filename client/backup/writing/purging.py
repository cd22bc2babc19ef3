"""Lines that were removed leave every segment that holds them, in every retained backup.

Each such segment is read from the storage, since only there is it as it was, and written anew
under a new key; the old key is forgotten with it. A storage that keeps old copies still has the
bytes, and nothing of ours opens them.

Spec: docs/formats.md#retention
"""

from client.backup.writing.losing import read_segment
from client.backup.writing.merging import without
from client.backup.writing.storing import put, seal_segment
from client.backup.writing.writer import Run
from client.store import archive_changes, archive_objects
from client.store.archive_objects import ArchiveObject
from client.store.transaction import Transaction
from protocol.archive.entry import Entry
from protocol.archive.segment import Segment
from protocol.ids import Name


async def purge(run: Run) -> None:
    """Take removed lines and files out of all backups.

    Raises:
        TargetError: the storage failed; the next backup goes on.
    """
    database, number = run.writer.database, run.number
    doomed = await database.read(lambda tx: archive_changes.to_purge(tx, number))
    for peer, lines in doomed.items():
        await _purge_conversation(run, peer, lines)
    await database.write(lambda tx: archive_changes.purged(tx, number))
    await database.write(lambda tx: _forget_media(tx, run.epoch))


async def _purge_conversation(run: Run, peer: Name, lines: frozenset[int]) -> None:
    segments = await run.writer.database.read(lambda tx: archive_objects.all_segments(tx, peer))
    for held in segments:
        if any(_spans(held.entry, line) for line in lines):
            await _purge_segment(run, held, lines)


def _spans(entry: Entry, line: int) -> bool:
    return entry.first_position <= line <= entry.last_position


async def _purge_segment(run: Run, held: ArchiveObject, lines: frozenset[int]) -> None:
    segment = await read_segment(run, held)
    if segment is None:
        return
    rest = without(segment, lines)
    if len(rest.rows) < len(segment.rows):
        await _replace(run, held, rest)


async def _replace(run: Run, held: ArchiveObject, rest: Segment) -> None:
    writer, epoch = run.writer, run.epoch
    if not rest.rows:
        await writer.database.write(lambda tx: archive_objects.remove(tx, held, epoch))
        return
    root, draw = run.archive.root, writer.surroundings.random_bytes
    sealed = await writer.surroundings.run_blocking(lambda: seal_segment(rest, root, draw))
    await put(run, sealed)
    await writer.database.write(lambda tx: archive_objects.replace(tx, held, sealed.entry, epoch))


def _forget_media(tx: Transaction, epoch: int) -> None:
    """Leave out the files that no line here has any more: their lines were removed."""
    for held in archive_objects.forgotten_media(tx):
        archive_objects.remove(tx, held, epoch)
