"""The messages of a backup: in which order segments are read, and one of them, decoded.

A position may stand in several segments; the one whose entry stands later in the manifest
counts. So segments of one conversation are read from the last entry to the first, and
whoever takes them in keeps what is there already. Between conversations, the newest goes first.

Spec: docs/backup.md#what-the-profile-knows, docs/formats.md#segment
"""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Final

from client.backup.reading.objects import read_object
from client.backup.targets.interface import Target
from client.values import RunBlocking
from protocol.archive.entry import Entry
from protocol.archive.rows import MessageRow
from protocol.archive.segment import Segment, decode_segment_untrusted
from protocol.errors import WireError
from protocol.ids import Name

_MOST: Final = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Selection:
    """Which messages are wanted: of one peer, since a time; all of them if nothing is said."""

    peer: Name | None = None
    since_ms: int = 0

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return self.peer is None and not self.since_ms

    def wants(self, entry: Entry) -> bool:
        """Tell whether something in a segment may be wanted."""
        return self.peer in (None, entry.conversation) and entry.last_ms >= self.since_ms

    def of(self, segment: Segment) -> Segment:
        """Give what of a segment is wanted."""
        if not self.since_ms:
            return segment
        rows = tuple(row for row in segment.rows if date_of(row) >= self.since_ms)
        kept = {row.position for row in rows}
        facts = tuple(fact for fact in segment.facts if fact.position in kept)
        return Segment(segment.conversation, rows, facts)


EVERYTHING: Final = Selection()


def date_of(row: MessageRow) -> int:
    """Give the date of a line, as entries of the manifest have it: its sender's clock."""
    return row.sent_at_ms


def newest_first(entries: Sequence[Entry]) -> list[Entry]:
    """Order segments: within a conversation from the last entry on, and always the newest next."""
    by_conversation = sorted(entries, key=attrgetter("conversation"))  # stable: keeps the order
    runs = [list(run) for _, run in groupby(by_conversation, attrgetter("conversation"))]
    heap = [(-run[-1].last_ms, number) for number, run in enumerate(runs)]
    heapq.heapify(heap)
    return list(_drained(heap, runs))


def _drained(heap: list[tuple[int, int]], runs: list[list[Entry]]) -> Iterator[Entry]:
    while heap:
        _, number = heap[0]
        run = runs[number]
        yield run.pop()
        if run:
            heapq.heapreplace(heap, (-run[-1].last_ms, number))
        else:
            heapq.heappop(heap)


async def read_segment(target: Target, entry: Entry, run: RunBlocking) -> Segment:
    """Give a segment, proven to be the one its entry speaks of.

    Raises:
        ObjectMissing, TargetError: it is not there, or the storage failed.
        PeerError: it is damaged, another one, or a newer program's.
    """
    segment = await read_object(target, entry, run, decode_segment_untrusted)
    positions = (segment.rows[0].position, segment.rows[-1].position)
    if (segment.conversation, len(segment.rows), *positions) != (
        entry.conversation,
        entry.messages,
        entry.first_position,
        entry.last_position,
    ):
        raise WireError("a segment of other messages than the manifest says")
    if max(map(_highest, segment.rows)) > _MOST:
        raise WireError("a segment with a number that no history holds")
    return segment


def _highest(row: MessageRow) -> int:
    return max(row.position, row.series, row.counter, row.order_ms, row.sent_at_ms, row.arrival_ms)
