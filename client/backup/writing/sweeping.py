"""Which backups are kept, and which stored objects may go.

Spec: docs/formats.md#retention
"""

from client.backup.writing.writer import Run
from client.store import archive_objects
from client.store.transaction import Transaction
from protocol.archive.retention import Retention
from protocol.archive.sweep import Sweep, sweep


async def retire(run: Run, made_at_ms: int) -> None:
    """Forget the backups that are not kept beside the one made at ``made_at_ms``."""

    def note(tx: Transaction) -> None:
        backups = archive_objects.backups_of(tx)
        kept = Retention().kept([made_at_ms, *(backup.made_at_ms for backup in backups)])
        retained = frozenset(each.epoch for each in backups if each.made_at_ms in kept)
        archive_objects.expire(tx, retained, run.epoch)

    await run.writer.database.write(note)


async def look_for_unneeded(run: Run) -> Sweep:
    """Compare what the storage lists with what is needed; nothing is deleted yet.

    Raises:
        TargetError: the storage failed.
    """
    needed, waiting = await run.writer.database.read(
        lambda tx: (archive_objects.paths(tx), archive_objects.unneeded(tx))
    )
    listed = run.writer.target.listed(needed | waiting.keys())
    return sweep([each.path async for each in listed], needed, waiting, run.epoch)


async def delete(run: Run, found: Sweep) -> None:
    """Delete what has waited for an epoch; only once the head of this backup is in place.

    Raises:
        TargetError: the storage failed; the next backup goes on.
    """
    for path in sorted(found.delete):
        await run.writer.target.delete(path)
