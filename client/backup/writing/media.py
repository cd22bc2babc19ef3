"""Files of messages: copied into the storage as they lie here, ciphertext already.

A file gets its name in the storage when it is first put, by the root of that day, and keeps it.
"""

from typing import Final

import trio

from client.backup.targets.sources import file_source
from client.backup.writing.savable import savable
from client.backup.writing.writer import Run
from client.network.one_error import one_error
from client.store import archive_lines, archive_objects, media
from client.store.media import NewMedia
from client.store.transaction import Transaction
from protocol.archive.entry import Entry
from protocol.archive.keys import object_name
from protocol.archive.layout import ObjectKind
from protocol.archive.sealing import sealed_size

_AT_A_TIME: Final = 4
"""Files on their way at once: each has a megabyte in memory."""


async def copy_media(run: Run) -> None:
    """Put every object file that the archive has not yet.

    Raises:
        TargetError: the storage failed; what was noted stays noted.
        LocalError: a file cannot be read.
    """
    now_ms = run.writer.surroundings.now_ms()
    new = await run.writer.database.read(lambda tx: _wanted(tx, now_ms))
    run.meter.expect(other_bytes=sum(sealed_size(each.held.content_bytes) for each in new))
    for start in range(0, len(new), _AT_A_TIME):
        with one_error():
            async with trio.open_nursery() as nursery:
                for each in new[start : start + _AT_A_TIME]:
                    nursery.start_soon(_copy, run, each)


def _wanted(tx: Transaction, now_ms: int) -> list[NewMedia]:
    """Give the new objects that a line has which the backup takes."""
    lines = (
        (each, archive_lines.of_media(tx, each.object_id, each.peer))
        for each in media.not_archived(tx)
    )
    return [each for each, batch in lines if savable(batch.rows, batch.facts, now_ms)[0]]


async def _copy(run: Run, new: NewMedia) -> None:
    writer, held = run.writer, new.held
    path = writer.folder.media / held.file
    if not await writer.surroundings.run_blocking(path.exists):
        run.missing_media.append(new.label)
        return
    entry = Entry(
        kind=ObjectKind.MEDIA,
        name=object_name(run.archive.root, ObjectKind.MEDIA, new.peer, held.key),
        key=held.key,
        content_hash=held.content_hash,
        content_bytes=held.content_bytes,
        conversation=new.peer,
    )
    async with file_source(path, writer.surroundings.run_blocking) as source:
        await writer.target.put(entry.path, source)
        run.meter.put(source.size, expected=True)
    await writer.database.write(lambda tx: archive_objects.add(tx, entry, run.epoch, new.object_id))
