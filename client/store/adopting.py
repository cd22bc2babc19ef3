"""Going on with a backup that another device made: what its writer would know, from its manifests.

Spec: docs/backup.md#reading, docs/formats.md#archive_objects
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from client.store import archive, archive_changes, archive_objects
from client.store.archive import Archive
from client.store.archive_objects import Backup
from client.store.transaction import Transaction
from protocol.archive.entry import Entry
from protocol.archive.layout import ObjectKind
from protocol.archive.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Retained:
    """A backup that is kept, and the entry by which later manifests name it."""

    manifest: Manifest
    entry: Entry


def adopt(tx: Transaction, own: Archive, oldest_first: Sequence[Retained]) -> None:
    """Take an archive for this profile's own; the next backup continues it.

    Args:
        own: as its newest head has it.
        oldest_first: all backups that are retained; the last one is the newest.
    """
    archive.create(tx, own)
    for backup in oldest_first:
        manifest = backup.manifest
        archive_objects.add_backup(tx, Backup(manifest.epoch, manifest.made_at_ms, backup.entry))
    _add_objects(tx, [backup.manifest for backup in oldest_first])
    newest = oldest_first[-1].manifest
    waiting = {each.path: each.unneeded_since for each in newest.entries if each.unneeded_since}
    archive_objects.set_unneeded(tx, waiting)
    for peer, last in last_lines(newest).items():
        archive_changes.through(tx, peer, last)


def _add_objects(tx: Transaction, manifests: Sequence[Manifest]) -> None:
    """Note each object with the epochs that name it, the newest manifest's in its own order."""
    named = [_objects(manifest) for manifest in manifests]
    first = {
        path: manifest.epoch
        for manifest, entries in zip(reversed(manifests), reversed(named), strict=True)
        for path in entries
    }
    for (_, entries), (later, left) in pairwise(zip(manifests, named, strict=True)):
        for path in entries.keys() - left.keys():
            archive_objects.add_past(tx, entries[path], first[path], later.epoch)
    for path, entry in named[-1].items():
        archive_objects.add(tx, entry, first[path])


def _objects(manifest: Manifest) -> dict[str, Entry]:
    return {
        entry.path: entry
        for entry in manifest.entries
        if entry.path and entry.kind != ObjectKind.MANIFEST and not entry.unneeded_since
    }


def last_lines(manifest: Manifest) -> dict[str, int]:
    """Give the last position of each conversation in a backup."""
    last: dict[str, int] = {}
    for entry in manifest.entries:
        if entry.kind == ObjectKind.SEGMENT and not entry.unneeded_since:
            peer = entry.conversation
            last[peer] = max(last.get(peer, 0), entry.last_position)
    return last
