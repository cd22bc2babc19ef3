"""Time contenders in turn: A B C A B C, so that a slow moment of the machine hits all alike.

The figure that counts is the median over the rounds: a single interruption does not move it.
"""

import time
from importlib import metadata
from typing import Final

from scripts.benchmarks.figures import Contender, Figure, Measured, PeerMissing, Row, Workload

OURS: Final = "glasspost"
ROUNDS: Final = 15
_ROUND_NS: Final = 40_000_000


def measure(row: Row, rounds: int = ROUNDS, round_ns: int = _ROUND_NS) -> Measured:
    """Measure all contenders of a row.

    Args:
        row: what to measure.
        rounds: how many rounds each contender gets.
        round_ns: about how long one round of one contender takes.
    """
    contenders = (row.ours, *row.theirs)
    prepared = {each.name: _prepare(each) for each in contenders}
    workloads = {name: work for name, work in prepared.items() if not isinstance(work, str)}
    times = _in_turn(workloads, rounds, round_ns)
    figures = tuple(
        Figure(each.name, "", missing=str(prepared[each.name]))
        if each.name not in times
        else Figure(each.name, _version(each.name), tuple(times[each.name]))
        for each in contenders
    )
    return Measured(row, figures)


def _prepare(contender: Contender) -> Workload | str:
    """Give the work to measure, or how to make it possible."""
    try:
        return contender.prepare()
    except PeerMissing:
        return f"not installed: pip install {contender.name}"


def _in_turn(workloads: dict[str, Workload], rounds: int, round_ns: int) -> dict[str, list[float]]:
    counts = {name: _count_for(work, round_ns) for name, work in workloads.items()}
    times: dict[str, list[float]] = {name: [] for name in workloads}
    for _ in range(rounds):
        for name, work in workloads.items():
            times[name].append(_time_ns(work, counts[name]) / counts[name] / 1000)
    return times


def _count_for(work: Workload, round_ns: int) -> int:
    """Find how many operations fill a round; warms everything up as well."""
    count = 1
    while (spent_ns := _time_ns(work, count)) < round_ns // 4:
        count *= 2
    return max(1, count * round_ns // max(1, spent_ns))


def _time_ns(work: Workload, count: int) -> int:
    started = time.perf_counter_ns()
    work(count)
    return time.perf_counter_ns() - started


def _version(name: str) -> str:
    return metadata.version(name)
