"""The lines of each conversation, as segments.

    read a batch ─▶ compress and seal ─▶ │ some in stock │ ─▶ put some at a time ─▶ note

Two tasks, so that the storage is not waited for while the next lines are sealed. A few segments
are put at a time and noted together, since each put and each note costs a sync of a disk, or a
way to a far storage; what a stop leaves put and not noted is as many orphans.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import trio

from client.backup.writing.losing import read_segment
from client.backup.writing.merging import merged, taken_along
from client.backup.writing.savable import savable
from client.backup.writing.storing import Sealed, put, seal_segment
from client.backup.writing.writer import Run
from client.network.one_error import one_error
from client.store import archive_changes, archive_lines, archive_objects
from client.store.archive_changes import Pending
from client.store.archive_lines import Batch
from client.store.archive_objects import ArchiveObject
from client.store.transaction import Transaction
from protocol.archive.segment import Segment, cut

NOTED_TOGETHER: Final = 8
"""Segments put at a time; a run that is stopped puts so many again."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """Lines of one conversation, ready to be put.

    Args:
        after, last: the lines that it settles, the first not included.
        replaced: segments that it takes the place of in the newest backup.
    """

    conversation: Pending
    after: int
    last: int
    sealed: tuple[Sealed, ...]
    replaced: Sequence[ArchiveObject]


async def write_segments(run: Run) -> None:
    """Put all lines that the archive does not have as they are now.

    Raises:
        TargetError: the storage failed; what was noted stays noted.
    """
    send, receive = trio.open_memory_channel[_Piece](NOTED_TOGETHER)
    with one_error():
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_prepare, run, send)
            await _store(run, receive)


async def _prepare(run: Run, send: trio.MemorySendChannel[_Piece]) -> None:
    database, number = run.writer.database, run.number
    async with send:
        for conversation in await database.read(lambda tx: archive_changes.pending(tx, number)):
            await _prepare_conversation(run, conversation, send)


async def _prepare_conversation(
    run: Run, conversation: Pending, send: trio.MemorySendChannel[_Piece]
) -> None:
    after, ended = 0, False
    while not ended:
        batch = await _next_batch(run, conversation, after)
        await send.send(await _piece(run, conversation, after, batch))
        after, ended = batch.last, batch.ended


async def _next_batch(run: Run, conversation: Pending, after: int) -> Batch:
    return await run.writer.database.read(
        lambda tx: archive_lines.batch(tx, conversation, after, run.number)
    )


async def _piece(run: Run, conversation: Pending, after: int, batch: Batch) -> _Piece:
    surroundings = run.writer.surroundings
    rows, facts = savable(batch.rows, batch.facts, surroundings.now_ms())
    if not rows:
        return _Piece(conversation, after, batch.last, (), ())
    segments, replaced = [Segment(conversation.peer, rows, facts)], []
    if after == 0:
        replaced = await _tail(run, conversation, len(rows))
        older = [await read_segment(run, held) for held in replaced[::-1]]
        segments = [segment for segment in older if segment is not None] + segments
    root, draw = run.archive.root, surroundings.random_bytes

    def sealed() -> tuple[Sealed, ...]:
        whole = merged(segments) if len(segments) > 1 else segments[0]
        return tuple(seal_segment(part, root, draw) for part in cut(whole))

    return _Piece(
        conversation, after, batch.last, await surroundings.run_blocking(sealed), replaced
    )


async def _tail(run: Run, conversation: Pending, count: int) -> list[ArchiveObject]:
    newest_first = await run.writer.database.read(
        lambda tx: archive_objects.newest_segments(tx, conversation.peer)
    )
    return taken_along(newest_first, count)


async def _store(run: Run, pieces: trio.MemoryReceiveChannel[_Piece]) -> None:
    """Put and note pieces in their order: what is noted covers all lines before it."""
    unnoted: list[_Piece] = []
    async for piece in pieces:
        unnoted.append(piece)
        if len(unnoted) == NOTED_TOGETHER:
            await _put_and_note(run, unnoted)
            unnoted = []
    if unnoted:
        await _put_and_note(run, unnoted)


async def _put_and_note(run: Run, pieces: Sequence[_Piece]) -> None:
    async with trio.open_nursery() as nursery:
        for sealed in (each for piece in pieces for each in piece.sealed):
            nursery.start_soon(_put, run, sealed)
    await _note(run, pieces)


async def _put(run: Run, sealed: Sealed) -> None:
    await put(run, sealed, lines=sealed.entry.messages)


async def _note(run: Run, pieces: Sequence[_Piece]) -> None:
    def note(tx: Transaction) -> None:
        for piece in pieces:
            for held in piece.replaced:
                archive_objects.drop(tx, held, run.epoch)
            for sealed in piece.sealed:
                archive_objects.add(tx, sealed.entry, run.epoch)
            archive_changes.written(tx, piece.conversation, piece.after, piece.last, run.number)

    await run.writer.database.write(note)
