"""Objects that a storage lost or damaged: they leave every manifest, and are written anew.

A backup that finds one goes on: the lines are still here. Of older backups only that object is
gone; what they shared with the newest comes back under its new name.
"""

from client.backup.reading.errors import BackupUnreadable
from client.backup.reading.objects import read_object
from client.backup.targets.interface import ObjectMissing
from client.backup.writing.writer import Run
from client.store import archive_changes, archive_objects
from client.store.archive_objects import ArchiveObject
from client.store.transaction import Transaction
from protocol.archive.layout import ObjectKind
from protocol.archive.segment import Segment, decode_segment_untrusted
from protocol.errors import PeerError


async def read_segment(run: Run, held: ArchiveObject) -> Segment | None:
    """Give a segment as the storage has it, or None if it is lost; then its lines are noted.

    Raises:
        TargetError: the storage failed otherwise.
    """
    writer = run.writer
    try:
        return await read_object(
            writer.target, held.entry, writer.surroundings.run_blocking, decode_segment_untrusted
        )
    except (ObjectMissing, BackupUnreadable, PeerError):
        await note_lost(run, held)
        return None


async def note_lost(run: Run, held: ArchiveObject) -> None:
    """Leave an object out of every backup; let what it held be written again."""
    entry = held.entry

    def note(tx: Transaction) -> None:
        archive_objects.remove(tx, held, run.epoch)
        if entry.kind == ObjectKind.SEGMENT:
            archive_changes.write_again(
                tx, entry.conversation, entry.first_position, entry.last_position
            )

    await run.writer.database.write(note)
    run.lost.append(entry.path)
