"""Earlier backups that are retained: their manifests, opened.

Spec: docs/formats.md#retention
"""

from dataclasses import replace

from client.backup.reading.archive import OpenArchive
from client.backup.reading.findings import OF_OBJECTS, Finding, finding
from client.backup.reading.objects import read_object
from client.store.adopting import Retained
from client.values import RunBlocking
from protocol.archive.entry import Entry
from protocol.archive.layout import ObjectKind
from protocol.archive.manifest import Manifest, entry_of_manifest


async def open_retained(archive: OpenArchive, entry: Entry, run: RunBlocking) -> Manifest:
    """Open the manifest of an earlier backup.

    Raises:
        As :func:`client.backup.reading.objects.read_object`.
    """
    return await read_object(archive.target, entry, run, Manifest.decode_untrusted)


async def all_backups(
    archive: OpenArchive, run: RunBlocking
) -> tuple[list[Retained], list[Finding]]:
    """Give all backups of an archive, oldest first, the open one last; and which do not open.

    Raises:
        TargetError: the storage failed.
    """
    backups, found = [], []
    for entry in archive.of_kind(ObjectKind.MANIFEST):
        try:
            backups.append(Retained(await open_retained(archive, entry, run), entry))
        except OF_OBJECTS as error:
            found.append(finding(entry, error))
    backups.sort(key=lambda backup: backup.manifest.epoch)
    return [*backups, Retained(archive.manifest, _entry(archive))], found


def _entry(archive: OpenArchive) -> Entry:
    entry = entry_of_manifest(archive.manifest, b"", archive.root)
    return replace(entry, name=archive.head.manifest_hash)
