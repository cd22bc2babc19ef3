"""The client's machine: whom it asks, what it believes, and when it is silent."""

from dataclasses import replace

import pytest

from protocol.recovery import group
from protocol.recovery.errors import OutOfTurn, TooFewVaults
from protocol.recovery.evaluation import EvaluationAnswer
from protocol.recovery.group import GENERATOR, Element
from protocol.recovery.recovering import Recovery, RecoveryState
from tests.protocol.recovery.cast import Cast, cast, stretched


def _begin(party: Cast, left: dict[int, int], password: str = "right") -> Recovery:
    return Recovery(party.made.record, left, stretched(password), party.draw)


def _answer(party: Cast, recovery: Recovery, index: int) -> None:
    """Let a vault answer the request that the machine gave for it."""
    request = recovery._request(index)
    recovery.receive(index, party.vaults[index].evaluate(request))


def _shifted(answer: EvaluationAnswer) -> EvaluationAnswer:
    element = group.add(Element.decode_untrusted(answer.element), GENERATOR)
    return replace(answer, element=element.encoding)


@pytest.mark.parametrize(("threshold", "count"), [(1, 1), (2, 2), (2, 3), (3, 5)])
def test_the_right_password_gives_the_secret(threshold: int, count: int) -> None:
    party = cast("right", threshold, count)
    assert party.opens(party.guess("right"))
    assert all(party.made.record.limit == left for left in party.left().values())


def test_a_wrong_password_gives_another_secret_and_its_guesses_stay_counted() -> None:
    party = cast("wrong")
    assert not party.opens(party.guess("wrong"))
    assert party.left() == {1: 4, 2: 4, 3: 5}


def test_exactly_t_vaults_are_asked_those_with_most_guesses_left() -> None:
    party = cast("choice", 2, 3)
    assert [index for index, _ in _begin(party, {1: 2, 2: 5, 3: 4}).requests()] == [2, 3]
    assert [index for index, _ in _begin(party, {1: 5, 2: 5, 3: 5}).requests()] == [1, 2]
    assert [index for index, _ in _begin(party, {1: 1, 3: 1}).requests()] == [1, 3]


@pytest.mark.parametrize("left", [{}, {1: 5}, {1: 5, 2: 0, 3: 0}])
def test_with_too_few_vaults_no_guess_is_spent(left: dict[int, int]) -> None:
    with pytest.raises(TooFewVaults, match="2 are needed"):
        _begin(cast("few"), left)


def test_each_request_is_given_once() -> None:
    recovery = _begin(cast("once"), {1: 5, 2: 5, 3: 5})
    assert len(recovery.requests()) == 2
    assert recovery.requests() == []


def test_a_vault_that_lies_is_named_skipped_and_its_answer_kept() -> None:
    party = cast("liar")
    recovery = _begin(party, party.left())
    (first, request), _ = recovery.requests()
    lie = _shifted(party.vaults[first].evaluate(request))
    recovery.receive(first, lie)
    assert [(each.index, each.answer) for each in recovery.lies] == [(first, lie)]
    ((third, _),) = recovery.requests()
    assert third == 3
    for index in (2, 3):
        _answer(party, recovery, index)
    assert party.opens(recovery)


@pytest.mark.parametrize("fault", ["proof", "no element", "identity", "of another vault"])
def test_every_kind_of_lie_is_noticed(fault: str) -> None:
    party = cast("kinds")
    recovery = _begin(party, party.left())
    (first, request), _ = recovery.requests()
    other = replace(request, record_id=party.made.record.part(3).record_id)
    honest = party.vaults[first].evaluate(request)
    lie = {
        "proof": replace(honest, proof=bytes(64)),
        "no element": replace(honest, element=b"\xff" * 32),
        "identity": replace(honest, element=bytes(32)),
        "of another vault": party.vaults[3].evaluate(other),
    }[fault]
    recovery.receive(first, lie)
    assert [each.index for each in recovery.lies] == [first]


def test_a_vault_without_an_answer_is_replaced_until_there_are_too_few() -> None:
    party = cast("silent")
    recovery = _begin(party, party.left())
    recovery.requests()
    recovery.no_answer(1)
    assert [index for index, _ in recovery.requests()] == [3]
    recovery.no_answer(3)
    assert recovery.state is RecoveryState.STUCK
    assert recovery.requests() == []
    with pytest.raises(OutOfTurn):
        _answer(party, recovery, 2)


def test_who_was_not_asked_or_answers_twice_is_out_of_turn() -> None:
    party = cast("turn")
    recovery = _begin(party, party.left())
    recovery.requests()
    _answer(party, recovery, 1)
    for index in (1, 3):
        with pytest.raises(OutOfTurn):
            _answer(party, recovery, index)


def test_b4_no_tag_exists_before_the_slot_has_opened() -> None:
    party = cast("early")
    recovery = _begin(party, party.left())
    recovery.requests()
    for step in (recovery.slot_opened, recovery.slot_refused, recovery.secret):
        with pytest.raises(OutOfTurn):
            step()
    for index in (1, 2):
        _answer(party, recovery, index)
    recovery.secret()
    assert {index for index, _ in recovery.slot_opened()} == {1, 2, 3}


def test_b4_after_a_failure_nothing_more_is_sent() -> None:
    party = cast("failure")
    recovery = party.guess("wrong")
    recovery.slot_refused()
    assert recovery.state is RecoveryState.FAILED
    assert recovery.requests() == []
    for step in (recovery.slot_opened, recovery.slot_refused, recovery.secret):
        with pytest.raises(OutOfTurn):
            step()
    assert recovery._output is None
