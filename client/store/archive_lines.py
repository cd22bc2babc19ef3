"""Lines of the history as the rows and facts of a backup's segments.

A batch is read in three queries, whatever is in it; the rows come out of SQLite as the tuples
that the segment packs. One conversation at a time, through its index: so memory is one batch.

Spec: docs/formats.md#segment
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from operator import attrgetter
from typing import Final

from client.store.archive_changes import Pending
from client.store.transaction import Row, Transaction
from client.values import EntryKind
from protocol.archive.facts import Failure, Media, PackedFact, Raw, pack_fact
from protocol.archive.rows import MessageRow, RowFlag, RowKind
from protocol.limits import MAX_SEGMENT_BYTES, MAX_SEGMENT_MESSAGES

ROW_KINDS: Final = {
    EntryKind.TEXT: RowKind.TEXT,
    EntryKind.MEDIA: RowKind.MEDIA,
    EntryKind.UNSUPPORTED: RowKind.UNSUPPORTED,
    EntryKind.UNREADABLE: RowKind.UNREADABLE,
    EntryKind.NOTICE: RowKind.NOTICE,
    EntryKind.DELETED: RowKind.DELETED,
}

_KIND: Final = " ".join(f"WHEN '{kind}' THEN {row.value}" for kind, row in ROW_KINDS.items())
_SELECT: Final = (
    f"SELECT row_id, CASE kind {_KIND} END, state,"  # noqa: S608 (numbers of ours)
    f" (sender <> peer) * {RowFlag.OURS.value} + listened * {RowFlag.SHOWN.value}"
    f" + repaired * {RowFlag.REPAIRED.value}, message_id, series, counter, order_ms, sent_at_ms,"
    " coalesce(arrival_ms, 0), text FROM history"
)
_CHANGED: Final = (
    f"{_SELECT} WHERE row_id IN"  # noqa: S608 (both are ours)
    " (SELECT line FROM archive_changes WHERE peer = ? AND line > ?"
    " AND line <= ? AND number <= ?) ORDER BY row_id"
)
_NEW: Final = (
    f"{_SELECT} INDEXED BY history_lines WHERE peer = ? AND row_id > ? AND row_id <= ?"
    " ORDER BY row_id"
)

_ROWS_AT_ONCE: Final = 256
"""Fetched between two looks at the size: a quarter of a thousand of the longest texts is 16 MB."""

_TEXT: Final = attrgetter("text")

_MOST_CHARACTERS: Final = MAX_SEGMENT_BYTES // 8


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines of a conversation as of one moment, and what hangs on them.

    Args:
        last: everything up to this line is in this batch or an earlier one.
        ended: there is nothing after it.
    """

    rows: tuple[MessageRow, ...]
    facts: tuple[PackedFact, ...]
    last: int
    ended: bool


def batch(tx: Transaction, conversation: Pending, after: int, number: int) -> Batch:
    """Give the next lines to be written of a conversation: first the changed ones, then the new.

    Args:
        after: the last line of the batch before; 0 at first.
        number: of the last change that counts.
    """
    peer, through = conversation.peer, conversation.through
    changed = tx.stream(_CHANGED, (peer, after, through, number))
    new = tx.stream(_NEW, (peer, max(after, through), conversation.until))
    rows, ended = _one_segment(chain(changed, new))
    last = conversation.until if ended else rows[-1].position
    return Batch(tuple(rows), _facts(tx, peer, rows), last, ended)


def of_media(tx: Transaction, object_id: int, peer: str) -> Batch:
    """Give the lines that have a part of a file in this object."""
    stream = tx.stream(
        f"{_SELECT} WHERE row_id IN"  # noqa: S608 (ours)
        " (SELECT line FROM media JOIN media_parts USING (media_id)"
        " WHERE object_id = ?) ORDER BY row_id",
        (object_id,),
    )
    rows = list(map(MessageRow._make, stream))
    return Batch(tuple(rows), _facts(tx, peer, rows), rows[-1].position, ended=True)


def _one_segment(rows: Iterator[Row]) -> tuple[list[MessageRow], bool]:
    """Take as many rows as a segment holds; tell whether that was all."""
    taken: list[MessageRow] = []
    characters = 0
    while len(taken) < MAX_SEGMENT_MESSAGES and characters < _MOST_CHARACTERS:
        some = list(map(MessageRow._make, islice(rows, _ROWS_AT_ONCE)))
        taken += some
        if len(some) < _ROWS_AT_ONCE:
            return taken, True
        characters += sum(map(len, map(_TEXT, some)))
    return taken, False


def _facts(tx: Transaction, peer: str, rows: list[MessageRow]) -> tuple[PackedFact, ...]:
    """Give the facts about ``rows``, by position; within one, in the order in which they came."""
    if not rows:
        return ()
    span = (peer, rows[0].position, rows[-1].position)
    stored = tx.all(
        "SELECT line, kind, body FROM facts WHERE peer = ? AND line BETWEEN ? AND ?"
        " ORDER BY line, fact_id",
        span,
    )
    found = [*map(PackedFact._make, stored), *_of_columns(tx, span), *_media(tx, span)]
    if not found:
        return ()
    positions = {row.position for row in rows}
    here = (fact for fact in found if fact.position in positions)
    return tuple(sorted(here, key=lambda fact: fact.position))


def _of_columns(tx: Transaction, span: tuple[str, int, int]) -> Iterator[PackedFact]:
    """Give what stands in the line itself and few lines have."""
    rows = tx.all(
        "SELECT row_id, failure, raw FROM history INDEXED BY history_more"
        " WHERE peer = ? AND row_id BETWEEN ? AND ? AND (failure <> '' OR raw IS NOT NULL)",
        span,
    )
    for line, failure, raw in rows:
        if failure:
            yield pack_fact(line, Failure(failure))
        if raw is not None:
            yield pack_fact(line, Raw(raw))


def _media(tx: Transaction, span: tuple[str, int, int]) -> Iterator[PackedFact]:
    """Give the files of which the storage has every part.

    Of one that was attached a moment ago it has not; the next backup writes that line again.
    """
    rows = tx.all(
        "SELECT line, media_id, label, size, content_hash FROM media"
        " WHERE peer = ? AND line BETWEEN ? AND ? ORDER BY line, media_id",
        span,
    )
    for line, media_id, label, size, content_hash in rows:
        names = tx.all(
            "SELECT substr(entry, 9, 32) FROM media_parts LEFT JOIN archive_objects"
            " ON media_object = media_parts.object_id WHERE media_id = ? ORDER BY number",
            (media_id,),
        )
        parts = tuple(name for (name,) in names)
        if None not in parts:
            yield pack_fact(line, Media(label, size, content_hash, parts))
