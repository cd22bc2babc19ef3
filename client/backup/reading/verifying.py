"""Verifying: every object of a backup against its manifest, from the first byte to the last.

Nothing is decoded and nothing kept. An object that fails is named, with the chat and the dates
it affects, and the rest is read all the same. Earlier backups that are retained are verified
too; what they share is read once.

Spec: docs/backup.md#reading
"""

from collections.abc import Iterable

from client.backup.reading.archive import OpenArchive
from client.backup.reading.findings import OF_OBJECTS, Finding, finding
from client.backup.reading.objects import verify_object
from client.backup.reading.progress import QUIET, Progress, Report
from client.backup.reading.retained import all_backups
from client.values import RunBlocking
from protocol.archive.entry import Entry
from protocol.archive.layout import ObjectKind
from protocol.archive.manifest import Manifest


async def verify(
    archive: OpenArchive, run: RunBlocking, report: Report = QUIET
) -> tuple[Finding, ...]:
    """Read every object of all retained backups; give what is wrong, in the manifests' order.

    Raises:
        TargetError: the storage failed; that says nothing about the backup.
    Cost: memory of two blocks, and of the manifests.
    """
    backups, found = await all_backups(archive, run)
    objects = _distinct(backup.manifest for backup in reversed(backups))
    progress = Progress(0, sum(entry.content_bytes for entry in objects))
    for entry in objects:
        try:
            await verify_object(archive.target, entry, run)
        except OF_OBJECTS as error:
            found.append(finding(entry, error))
        progress = progress.plus(entry.content_bytes, entry.messages)
        report(progress)
    return tuple(found)


def _distinct(manifests: Iterable[Manifest]) -> list[Entry]:
    """Give each object once; earlier manifests' own entries of manifests are not followed."""
    by_path = {
        entry.path: entry
        for manifest in manifests
        for entry in manifest.entries
        if entry.path and entry.kind != ObjectKind.MANIFEST and not entry.unneeded_since
    }
    return list(by_path.values())
