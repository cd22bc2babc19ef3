"""Files of messages: from the backup beside the database, after the text or when one is wanted.

What a backup holds is the very file that lies beside the database: its bytes are copied as they
are, each proven before it is written. A file is there whole or not at all, so whatever is
missing tells what is still to be done, and a stopped run needs no notes.

Spec: docs/backup.md#reading
"""

from collections.abc import Sequence
from dataclasses import dataclass

from client.backup.reading.archive import OpenArchive
from client.backup.reading.findings import OF_OBJECTS, Finding, finding
from client.backup.reading.landing import landing
from client.backup.reading.objects import proven_parts
from client.backup.reading.progress import QUIET, Progress, Report
from client.backup.reading.segments import EVERYTHING, Selection
from client.profile.media_folder import MediaFolder
from client.store import media, restoring
from client.store.database import Database
from client.store.media import MediaObject
from client.store.transaction import Transaction
from client.values import RunBlocking
from protocol.archive.entry import Entry
from protocol.archive.layout import ObjectKind
from protocol.ids import Name


@dataclass(frozen=True, slots=True)
class FilesInto:
    """Where files go."""

    database: Database
    folder: MediaFolder
    run_blocking: RunBlocking


@dataclass(frozen=True, slots=True)
class _Wanted:
    """An object that a line needs and this device does not have."""

    entry: Entry
    file: str


async def restore_media(
    archive: OpenArchive,
    into: FilesInto,
    selection: Selection = EVERYTHING,
    report: Report = QUIET,
) -> tuple[Finding, ...]:
    """Copy all files of restored messages that are not here yet, the last ones first.

    With all of them here the restore is over.

    Raises:
        TargetError: the storage failed; the next run goes on.
        LocalError: the disk is full.
    Cost: memory of two blocks.
    """
    entries = [
        entry
        for entry in archive.of_kind(ObjectKind.MEDIA)
        if selection.peer in (None, entry.conversation)
    ]
    wanted = await _missing(entries, into)
    found = await _copy_all(archive, wanted[::-1], into, report)
    complete = selection.is_all and not found
    await into.database.write(lambda tx: _end(tx, complete=complete))
    return found


async def fetch_file(
    archive: OpenArchive, into: FilesInto, peer: Name, parts: Sequence[MediaObject]
) -> tuple[Finding, ...]:
    """Copy the objects of one file that somebody wants to see now.

    Raises:
        TargetError, LocalError: as for :func:`restore_media`.
    """
    hashes = {part.content_hash for part in parts}
    entries = [
        entry
        for entry in archive.of_kind(ObjectKind.MEDIA)
        if entry.conversation == peer and entry.content_hash in hashes
    ]
    return await _copy_all(archive, await _missing(entries, into), into, QUIET)


async def _missing(entries: Sequence[Entry], into: FilesInto) -> list[_Wanted]:
    wanted = await into.database.read(lambda tx: _wanted(tx, entries))
    names = await into.run_blocking(into.folder.names)
    return [each for each in wanted if each.file not in names]


def _wanted(tx: Transaction, entries: Sequence[Entry]) -> list[_Wanted]:
    """Give the objects that lines of this profile have, under the key of the backup."""
    found = []
    for entry in entries:
        held = media.object_of(tx, Name(entry.conversation), entry.content_hash)
        if held is not None and held.key == entry.key:
            found.append(_Wanted(entry, held.file))
    return found


async def _copy_all(
    archive: OpenArchive, wanted: Sequence[_Wanted], into: FilesInto, report: Report
) -> tuple[Finding, ...]:
    progress, found = Progress(0, sum(each.entry.content_bytes for each in wanted)), []
    for each in wanted:
        try:
            async with landing(into.folder, each.file, into.run_blocking) as write:
                async for stored in proven_parts(archive.target, each.entry, into.run_blocking):
                    await write(stored)
        except OF_OBJECTS as error:
            found.append(finding(each.entry, error))
        progress = progress.plus(each.entry.content_bytes)
        report(progress)
    return tuple(found)


def _end(tx: Transaction, *, complete: bool) -> None:
    under_way = restoring.find(tx)
    if complete and under_way is not None and under_way.text_done:
        restoring.end(tx)
