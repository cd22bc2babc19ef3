"""An object on its way: sealed under a key of its own, put, and noted.

Noted only when the storage has it durably, so what stands in the notes is there. What was put
and not noted before a stop is an orphan: at most one object for each thing that is put at a
time, and the sweep finds it.
"""

import hashlib
from dataclasses import dataclass, replace

from client.backup.targets.sources import BytesSource
from client.backup.writing.writer import Run
from protocol.archive.entry import Entry
from protocol.archive.keys import ArchiveRoot, ObjectKey, object_name
from protocol.archive.layout import ObjectKind
from protocol.archive.sealing import seal_bytes
from protocol.archive.segment import Segment, encode_segment
from protocol.randomness import RandomBytes


@dataclass(frozen=True, slots=True)
class Sealed:
    """An object that can be put, and its entry in the manifest."""

    entry: Entry
    stored: bytes


def seal(
    kind: ObjectKind, content: bytes, root: ArchiveRoot, random_bytes: RandomBytes, to: str = ""
) -> Sealed:
    """Seal ``content`` under a new key.

    Args:
        to: the conversation that it belongs to, if it belongs to one.
    """
    key = ObjectKey.generate(random_bytes)
    entry = Entry(
        kind=kind,
        name=object_name(root, kind, to, key),
        key=key,
        content_hash=hashlib.sha256(content).digest(),
        content_bytes=len(content),
        conversation=to,
    )
    return Sealed(entry, seal_bytes(kind, key, content, random_bytes))


def seal_segment(segment: Segment, root: ArchiveRoot, random_bytes: RandomBytes) -> Sealed:
    """Seal a segment under a new key.

    Raises:
        CallerError: a message does not fit into one with all its facts.
    """
    sealed = seal(
        ObjectKind.SEGMENT, encode_segment(segment), root, random_bytes, segment.conversation
    )
    rows = segment.rows
    dates = [row.sent_at_ms for row in rows]
    entry = replace(
        sealed.entry,
        messages=len(rows),
        first_position=rows[0].position,
        last_position=rows[-1].position,
        first_ms=min(dates),
        last_ms=max(dates),
    )
    return replace(sealed, entry=entry)


async def put(run: Run, sealed: Sealed, *, lines: int = 0) -> None:
    """Put a sealed object; it is not noted by this.

    Raises:
        TargetError: the storage failed.
    """
    await run.writer.target.put(sealed.entry.path, BytesSource(sealed.stored))
    run.meter.put(len(sealed.stored), lines=lines)
