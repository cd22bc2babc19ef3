"""The newest manifest, and those of older backups that have changed since.

An older manifest that is written anew names its objects only. Which earlier backups are
retained, and what waits for its deletion, is said by the newest one.

Spec: docs/formats.md#manifest
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from client.backup.targets.sources import BytesSource
from client.backup.writing.writer import Run
from client.store import archive_objects
from client.store.archive_objects import Backup
from protocol.archive.entry import Entry
from protocol.archive.keys import ObjectKey
from protocol.archive.layout import ObjectKind
from protocol.archive.manifest import Manifest, entry_of_manifest, seal_manifest
from protocol.archive.retention import Retention

_NOTHING = bytes(32)


@dataclass(frozen=True, slots=True)
class StoredManifest:
    """A manifest that the storage has.

    Args:
        size: as it is stored.
    """

    backup: Backup
    size: int


async def rewrite_stale(run: Run) -> None:
    """Put the manifests of older backups that changed: lines were removed, or the root is new.

    Raises:
        TargetError: the storage failed; the next backup goes on.
    """
    database = run.writer.database
    for old in await database.read(archive_objects.stale_backups):
        entries = await database.read(partial(archive_objects.named_by, epoch=old.epoch))
        new = await _put(run, old.epoch, old.made_at_ms, entries)
        renew = partial(archive_objects.renew_backup, backup=new.backup, old=old.entry)
        await database.write(partial(renew, epoch=run.epoch))


async def write_newest(run: Run, made_at_ms: int, waiting: Mapping[str, int]) -> StoredManifest:
    """Put the manifest of the backup that is being made.

    Args:
        waiting: what lies in the storage for nobody, since which epoch.

    Raises:
        TargetError: the storage failed.
    """
    entries, backups = await run.writer.database.read(
        lambda tx: (archive_objects.named_by(tx, run.epoch), archive_objects.backups_of(tx))
    )
    retained = [backup.entry for backup in backups]
    unneeded = [_unneeded(path, since) for path, since in sorted(waiting.items())]
    return await _put(run, run.epoch, made_at_ms, [*entries, *retained, *unneeded])


async def _put(run: Run, epoch: int, made_at_ms: int, entries: Iterable[Entry]) -> StoredManifest:
    archive, surroundings = run.archive, run.writer.surroundings
    manifest = Manifest(archive.archive_id, epoch, made_at_ms, Retention(), tuple(entries))

    def sealed() -> tuple[bytes, Entry]:
        stored = seal_manifest(manifest, archive.root, surroundings.random_bytes)
        return stored, entry_of_manifest(manifest, stored, archive.root)

    stored, entry = await surroundings.run_blocking(sealed)
    await run.writer.target.put(entry.path, BytesSource(stored))
    run.meter.put(len(stored))
    return StoredManifest(Backup(epoch, made_at_ms, entry), len(stored))


def _unneeded(path: str, since: int) -> Entry:
    """Give the entry of what nobody needs: where it lies, and no key."""
    folder, name = path.split("/")
    epoch, _, digits = name.rpartition("-")
    position = int(epoch, 16) if epoch else 0
    return Entry(
        kind=ObjectKind[folder.upper()],
        name=bytes.fromhex(digits).ljust(len(_NOTHING), b"\0"),
        key=ObjectKey(_NOTHING),
        content_hash=_NOTHING,
        content_bytes=0,
        first_position=position,
        last_position=position,
        unneeded_since=since,
    )
