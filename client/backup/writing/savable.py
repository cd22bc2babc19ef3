"""Which lines a backup takes: all but those whose timer ends within a day of being written.

What is meant to live for hours shall not lie in a storage for a year. Longer timers travel
with their line, and who restores skips what has died.

Spec: docs/backup.md#order
"""

from collections.abc import Sequence
from typing import Final

from protocol.archive.facts import FactKind, PackedFact, Timer, unpack_fact_untrusted
from protocol.archive.rows import MessageRow

SHORT_TIMER_MS: Final = 86_400_000


def savable(
    rows: Sequence[MessageRow], facts: Sequence[PackedFact], now_ms: int
) -> tuple[tuple[MessageRow, ...], tuple[PackedFact, ...]]:
    """Give the rows that a backup takes, with their facts.

    Args:
        now_ms: what has died by then is not taken either.
    """
    deadlines = _deadlines(facts)
    timed = [row for row in rows if row.position in deadlines]
    doomed = {row.position for row in timed if _is_doomed(row, deadlines[row.position], now_ms)}
    if not doomed:
        return tuple(rows), tuple(facts)
    return (
        tuple(row for row in rows if row.position not in doomed),
        tuple(fact for fact in facts if fact.position not in doomed),
    )


def _deadlines(facts: Sequence[PackedFact]) -> dict[int, int]:
    timers = (fact for fact in facts if fact.kind == FactKind.TIMER)
    read = ((fact.position, unpack_fact_untrusted(fact)) for fact in timers)
    return {position: timer.deadline_ms for position, timer in read if isinstance(timer, Timer)}


def _is_doomed(row: MessageRow, deadline_ms: int, now_ms: int) -> bool:
    written_ms = row.arrival_ms or row.sent_at_ms
    return deadline_ms <= max(now_ms, written_ms + SHORT_TIMER_MS)
