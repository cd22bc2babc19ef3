"""Shares: any t evaluate as the whole key does, fewer do not, a stray commitment shows."""

from itertools import combinations

import pytest

from protocol.recovery import group, oprf, scalar, shamir
from protocol.recovery.group import GENERATOR
from protocol.recovery.scalar import OprfKey, random_scalar, scalar_of
from tests.support.randomness import SeededBytes

DRAW = SeededBytes("shamir")
KEY = OprfKey(random_scalar(DRAW))
ASKED = group.from_uniform(DRAW(64))

SHAPES = [(1, 1), (1, 3), (2, 2), (2, 3), (3, 5), (5, 5)]


@pytest.mark.parametrize(("threshold", "count"), SHAPES)
def test_any_t_answers_give_the_whole_keys(threshold: int, count: int) -> None:
    shares = shamir.split(KEY, threshold, count, DRAW)
    answers = {at: oprf.evaluate(share, ASKED) for at, share in enumerate(shares, 1)}
    whole = oprf.evaluate(KEY, ASKED)
    for chosen in combinations(answers, threshold):
        assert shamir.combine({at: answers[at] for at in chosen}) == whole


@pytest.mark.parametrize(("threshold", "count"), [(2, 3), (3, 5)])
def test_fewer_answers_give_something_else(threshold: int, count: int) -> None:
    shares = shamir.split(KEY, threshold, count, DRAW)
    answers = {at: oprf.evaluate(share, ASKED) for at, share in enumerate(shares, 1)}
    whole = oprf.evaluate(KEY, ASKED)
    for chosen in combinations(answers, threshold - 1):
        assert shamir.combine({at: answers[at] for at in chosen}) != whole


@pytest.mark.parametrize(("threshold", "count"), SHAPES)
def test_public_shares_commit_to_one_polynomial(threshold: int, count: int) -> None:
    publics = shamir.public_shares(shamir.split(KEY, threshold, count, DRAW))
    assert shamir.are_consistent(publics, threshold)
    chosen = dict(enumerate(publics[:threshold], 1))
    assert shamir.combine(chosen) == group.multiply_generator(KEY)
    for stray in range(count) if threshold < count else ():
        forged = [*publics]
        forged[stray] = group.add(forged[stray], GENERATOR)
        assert not shamir.are_consistent(forged, threshold)


def test_each_sharing_is_new() -> None:
    one, two = (shamir.split(KEY, 2, 3, DRAW) for _ in range(2))
    assert all(a != b for a, b in zip(one, two, strict=True))


def test_coefficients_sum_to_one() -> None:
    """A constant polynomial has its value everywhere."""
    chosen = (1, 3, 4)
    total = scalar_of(0)
    for each in chosen:
        total = scalar.add(total, shamir.coefficient(each, chosen))
    assert total == scalar_of(1)
