"""The verdict holds only if everything does."""

from dataclasses import replace

import pytest

from scripts.blindness.canaries import Canary
from scripts.blindness.examination import MediumReport
from scripts.blindness.media import Medium
from scripts.blindness.plants import Plant
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


OTHER = Canary("another word", b"another word")


def planted(report: MediumReport, *plants: Plant) -> Verdict:
    return replace(with_report(good_verdict(), report), planted=plants)


def test_p1_a_plant_counts_as_found_only_where_it_was_planted() -> None:
    in_wal, plant = FAULTS["a canary found"], Plant(Medium.WAL, HIT.canary)
    assert planted(in_wal, plant).all_plants_were_found
    assert not planted(in_wal, Plant(Medium.LOG, HIT.canary)).all_plants_were_found
    assert not planted(in_wal, Plant(Medium.WAL, OTHER)).all_plants_were_found
    assert not planted(in_wal, plant, Plant(Medium.LOG, OTHER)).all_plants_were_found
    assert not planted(in_wal, plant).holds
