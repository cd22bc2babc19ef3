"""Rounds go in turn; a missing library costs its own line."""

import pytest

from scripts.benchmarks.figures import Contender, PeerMissing, Row, Workload, peer_import
from scripts.benchmarks.timing import OURS, measure

QUICK_NS = 1_000


def contender(name: str, calls: list[str]) -> Contender:
    def prepare() -> Workload:
        return lambda count: calls.append(name)

    return Contender(name, prepare)


def absent(name: str) -> Contender:
    def prepare() -> Workload:
        raise PeerMissing

    return Contender(name, prepare)


def test_contenders_take_turns_in_every_round() -> None:
    calls: list[str] = []
    row = Row("row", "work", contender(OURS, calls), (contender("trio", calls),))
    measured = measure(row, rounds=3, round_ns=QUICK_NS)
    assert calls[-6:] == [OURS, "trio"] * 3
    assert [len(figure.rounds_us) for figure in measured.figures] == [3, 3]


def test_versions_are_those_of_the_distributions() -> None:
    row = Row("row", "work", contender(OURS, []), (contender("trio", []),))
    ours, theirs = measure(row, rounds=1, round_ns=QUICK_NS).figures
    assert ours.version
    assert theirs.version[0].isdigit()


def test_a_missing_library_keeps_its_line_and_says_how_to_get_it() -> None:
    row = Row("row", "work", contender(OURS, []), (absent("vodozemac"),))
    ours, theirs = measure(row, rounds=1, round_ns=QUICK_NS).figures
    assert ours.rounds_us
    assert theirs.rounds_us == ()
    assert "pip install vodozemac" in theirs.missing


def test_an_import_that_fails_is_a_missing_peer() -> None:
    with pytest.raises(PeerMissing), peer_import():
        import no_such_library  # type: ignore[import-not-found]  # noqa: F401
