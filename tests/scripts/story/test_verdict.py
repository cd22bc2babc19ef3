"""The verdict holds only if everything does."""

from dataclasses import replace

import pytest

from scripts.blindness.examination import MediumReport
from scripts.blindness.media import Medium
from scripts.story.script import Side
from scripts.story.verdict import Reading, Verdict
from tests.scripts.story.sample import HIT, good_verdict, reading, with_report

CONTROLS = ("the name alice",)
FAULTS = {
    "a canary found": MediumReport(Medium.WAL, 10, (HIT,), CONTROLS, ()),
    "a control missing": MediumReport(Medium.LOG, 10, (), CONTROLS, CONTROLS),
    "nothing that had to be found": MediumReport(Medium.MEMORY, 10, (), (), ()),
}


def test_p1_it_holds_when_all_holds() -> None:
    assert good_verdict().holds


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_p1_one_fault_in_one_medium_is_enough(fault: MediumReport) -> None:
    assert not with_report(good_verdict(), fault).holds


def test_p1_no_medium_searched_is_no_verdict() -> None:
    assert not replace(good_verdict(), reports=()).holds


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda texts: texts[:-1], id="lost"),
        pytest.param(lambda texts: (*texts, texts[-1]), id="twice"),
        pytest.param(lambda texts: texts[::-1], id="out of order"),
        pytest.param(lambda texts: ("other", *texts[1:]), id="another"),
    ],
)
@pytest.mark.parametrize("where", ["shown", "kept"])
def test_p2_a_message_not_read_as_sent_is_a_fault(where: str, change: object) -> None:
    assert callable(change)
    good = reading(Side.BOB)
    bad: Reading = replace(good, **{where: change(good.expected)})
    assert not bad.is_exact
    assert not replace(good_verdict(), readings=(reading(Side.ALICE), bad)).holds


def planted(medium: Medium, report: MediumReport) -> Verdict:
    return replace(with_report(good_verdict(), report), planted=medium)


def test_p1_a_plant_counts_as_found_only_where_it_was_planted() -> None:
    in_wal = FAULTS["a canary found"]
    assert planted(Medium.WAL, in_wal).plant_was_found
    assert not planted(Medium.LOG, in_wal).plant_was_found
    assert not planted(Medium.WAL, in_wal).holds
