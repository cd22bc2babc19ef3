"""From a segment to lines of the history: facts sorted to where they go, the dead left out.

Spec: docs/formats.md#facts, docs/backup.md#reading
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from client.store.restored_lines import Lines
from protocol.archive.entry import Entry
from protocol.archive.facts import (
    Failure,
    Known,
    Media,
    PackedFact,
    Raw,
    Timer,
    UnknownFact,
    unpack_fact_untrusted,
)
from protocol.archive.rows import RowFlag
from protocol.archive.segment import Segment
from protocol.errors import WireError
from protocol.ids import Name

_OURS: Final = RowFlag.OURS.value
"""As a number: arithmetic with an enumeration costs a million lines half a second."""


@dataclass(frozen=True, slots=True)
class RestoredFile:
    """A file of a line, and the objects of the backup that hold it, in order."""

    position: int
    media: Media
    parts: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class SegmentLines:
    """What of a segment goes into the history.

    Args:
        unlisted: names of objects that a file needs and the manifest does not have.
    """

    lines: Lines
    files: tuple[RestoredFile, ...]
    unlisted: tuple[bytes, ...]

    def with_lines(self, lines: Lines) -> "SegmentLines":
        """Give the same with other lines."""
        return replace(self, lines=lines)


def lines_of(
    segment: Segment, own: Name, objects: Mapping[bytes, Entry], now_ms: int
) -> SegmentLines:
    """Sort what is in a segment; messages whose time is over are skipped.

    Args:
        objects: the manifest's media, by name.

    Raises:
        WireError: a fact is malformed, or a line stands there twice.
    """
    _require_once(segment)
    facts = [(packed, unpack_fact_untrusted(packed)) for packed in segment.facts]
    dead = {
        packed.position
        for packed, fact in facts
        if isinstance(fact, Timer) and fact.deadline_ms <= now_ms
    }
    rows = [row for row in segment.rows if row.position not in dead] if dead else segment.rows
    alive = [each for each in facts if each[0].position not in dead]
    lines = Lines(
        segment.conversation,
        own,
        rows,
        {packed.position: fact.reason for packed, fact in alive if isinstance(fact, Failure)},
        {packed.position: fact.content for packed, fact in alive if isinstance(fact, Raw)},
        tuple(_others(alive)),
    )
    files = [(packed.position, fact) for packed, fact in alive if isinstance(fact, Media)]
    whole = [each for each in files if objects.keys() >= set(each[1].parts)]
    missing = {part for _, fact in files for part in fact.parts} - objects.keys()
    return SegmentLines(
        lines,
        tuple(
            RestoredFile(position, fact, tuple(objects[name] for name in fact.parts))
            for position, fact in whole
        ),
        tuple(sorted(missing)),
    )


def _require_once(segment: Segment) -> None:
    lines = {(row.message_id, row.flags & _OURS) for row in segment.rows}
    if len(lines) < len(segment.rows):
        raise WireError("a segment with a line twice")


def _others(facts: list[tuple[PackedFact, Known | UnknownFact]]) -> Iterator[PackedFact]:
    """Give the facts that have no place of their own in a history."""
    return (packed for packed, fact in facts if not isinstance(fact, (Failure, Raw, Media)))


def uncounted(lines: Lines, *, theirs: bool) -> Lines:
    """Take the counters off lines that another device counted.

    What this device counts would else be compared with them: its next message would look like
    an old one, and be sorted in among them.

    Args:
        theirs: off the peer's lines too, since they are of another identity's counting.
    """
    rows = [row._replace(counter=0) if theirs or row.flags & _OURS else row for row in lines.rows]
    return replace(lines, rows=rows)
