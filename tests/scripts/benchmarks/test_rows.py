"""Rows are found by name, and each does its work once."""

import pytest

from scripts.benchmarks.figures import Contender, PeerMissing, Row
from scripts.benchmarks.rows import all_rows, select


def names(rows: tuple[Row, ...]) -> list[str]:
    return [row.name for row in rows]


def test_rows_are_selected_by_the_beginning_of_their_names() -> None:
    assert names(select(["ratchet"])) == ["ratchet-one-way", "ratchet-ping-pong"]
    assert names(select(["seal", "handshake"])) == ["handshake", "seal"]


def test_without_a_name_all_rows_are_selected() -> None:
    assert names(select([])) == names(all_rows())


def test_a_word_that_selects_nothing_is_an_error() -> None:
    with pytest.raises(LookupError, match="nonsense"):
        select(["ratchet", "nonsense"])


def test_names_are_unique() -> None:
    assert len(set(names(all_rows()))) == len(all_rows())


CONTENDERS = [
    pytest.param(row, contender, id=f"{row.name} {contender.name}")
    for row in all_rows()
    for contender in (row.ours, *row.theirs)
]


@pytest.mark.parametrize(("row", "contender"), CONTENDERS)
def test_every_contender_does_the_work(row: Row, contender: Contender) -> None:
    """The workloads check their own results: three times, in turns, with state kept between."""
    try:
        work = contender.prepare()
    except PeerMissing:
        pytest.skip(f"{contender.name} is not installed")
    work(3)
