"""What is written anew together with new lines, so that a conversation has few segments.

The last segments of a conversation are taken along while they are no larger than what has
gathered so far: like carrying in a binary counter, so that a line is written again a dozen times
at most, and of n lines in small backups about log n segments are left beside the full ones.
"""

from collections.abc import Sequence

from client.store.archive_objects import ArchiveObject
from protocol.archive.segment import Segment
from protocol.limits import MAX_SEGMENT_MESSAGES


def taken_along(newest_first: Sequence[ArchiveObject], count: int) -> list[ArchiveObject]:
    """Give the segments that are written anew, newest first.

    Args:
        newest_first: the conversation's segments.
        count: of lines to be written.
    """
    taken = []
    for segment in newest_first:
        messages = segment.entry.messages
        if messages > count or messages + count > MAX_SEGMENT_MESSAGES:
            break
        taken.append(segment)
        count += messages
    return taken


def merged(oldest_first: Sequence[Segment]) -> Segment:
    """Give one segment of several; of a position that is in two, the later one counts."""
    source = {row.position: n for n, segment in enumerate(oldest_first) for row in segment.rows}
    numbered = list(enumerate(oldest_first))
    rows = [row for n, each in numbered for row in each.rows if source[row.position] == n]
    facts = [fact for n, each in numbered for fact in each.facts if source[fact.position] == n]
    return Segment(
        oldest_first[-1].conversation,
        tuple(sorted(rows)),
        tuple(sorted(facts, key=lambda fact: fact.position)),
    )


def without(segment: Segment, lines: frozenset[int]) -> Segment:
    """Give a segment without some of its lines; its rows may be none."""
    return Segment(
        segment.conversation,
        tuple(row for row in segment.rows if row.position not in lines),
        tuple(fact for fact in segment.facts if fact.position not in lines),
    )
