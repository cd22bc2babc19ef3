"""Buckets: the arithmetic against a plain one, and that nobody gains by pushing others out."""

import random
from dataclasses import dataclass

import pytest

from server.limits.buckets import Buckets
from server.limits.pace import Pace
from server.limits.rate import FULL, Rate

RATE = Rate(per_second=2, burst=10)


@dataclass
class PlainBucket:
    """The bucket of the textbooks: a level, filled up before each look."""

    rate: Rate
    level: float
    looked_at: float = 0.0

    def take(self, price: float, now: float) -> bool:
        gained = (now - self.looked_at) * self.rate.per_second
        self.level, self.looked_at = min(self.rate.burst, self.level + gained), now
        if self.level < price - 1e-9:
            return False
        self.level -= price
        return True


def take(buckets: Buckets[int], key: int, price: float, now: float) -> bool:
    if buckets.wait(key, price, now) > 1e-9:
        return False
    buckets.take(key, price, now)
    return True


def test_a_bucket_is_the_one_of_the_textbooks(rng: random.Random) -> None:
    buckets: Buckets[int] = Buckets(RATE, 100)
    plain = {key: PlainBucket(RATE, RATE.burst) for key in range(5)}
    now, agreed = 0.0, {True: 0, False: 0}
    for _ in range(3_000):
        now += rng.choice([0, 0, 0.01, 0.1, 0.5])
        key, price = rng.randrange(5), rng.choice([0.5, 1, 4])
        granted = take(buckets, key, price, now)
        assert granted == plain[key].take(price, now)
        agreed[granted] += 1
    assert min(agreed.values()) > 300


def test_who_waits_so_long_is_served(rng: random.Random) -> None:
    buckets: Buckets[int] = Buckets(RATE, 10)
    now = 0.0
    for _ in range(500):
        price = rng.choice([1, 3, 10])
        wait = buckets.wait(1, price, now)
        if wait > 0.001:
            assert buckets.wait(1, price, now + wait - 0.001) > 0
        now += wait
        assert buckets.wait(1, price, now) < 1e-9
        buckets.take(1, price, now)


def test_asking_how_long_takes_nothing() -> None:
    buckets: Buckets[int] = Buckets(RATE, 10)
    for _ in range(100):
        assert buckets.wait(1, 10, 0.0) == 0
    assert len(buckets) == 0


def test_p6_there_are_never_more_buckets_than_allowed() -> None:
    buckets: Buckets[int] = Buckets(RATE, 50)
    for key in range(5_000):
        take(buckets, key, 1, now=0.0)
    assert len(buckets) == 50
    assert len(buckets._heap) == 50


def test_p6_what_is_full_again_is_forgotten() -> None:
    buckets: Buckets[int] = Buckets(RATE, 50)
    for key in range(50):
        take(buckets, key, 1 + key % 3, now=0.0)
    buckets.forget_full(now=0.5)
    assert len(buckets) == 33
    buckets.forget_full(now=1.5)
    assert len(buckets) == 0
    assert buckets._heap == []


def test_p6_made_up_keys_gain_nothing(rng: random.Random) -> None:
    """However many keys are tried, all get no more than the allowed number of buckets gives."""
    most, seconds = 20, 100
    buckets: Buckets[int] = Buckets(RATE, most)
    granted = sum(
        take(buckets, rng.randrange(1_000_000), 1, now=step / 200) for step in range(200 * seconds)
    )
    assert granted <= most * (RATE.burst + RATE.per_second * seconds) + 1


def test_p6_an_emptied_bucket_is_not_renewed_by_pushing_it_out() -> None:
    buckets: Buckets[int] = Buckets(RATE, 5)
    assert take(buckets, 0, 10, now=0.0)
    for key in range(1, 2_000):
        take(buckets, key, 1, now=0.0)
    assert not take(buckets, 0, 1, now=0.0)


def test_a_newcomer_takes_over_the_least_debt() -> None:
    buckets: Buckets[int] = Buckets(RATE, 3)
    for key, price in ((1, 9), (2, 4), (3, 9)):
        take(buckets, key, price, now=0.0)
    assert buckets.wait(4, 6, 0.0) == 0
    assert buckets.wait(4, 7, 0.0) == pytest.approx(0.5)
    buckets.take(4, 6, 0.0)
    assert not take(buckets, 4, 1, now=0.0)
    assert take(buckets, 1, 1, now=0.0)


def test_random_histories_keep_heap_and_table_together(rng: random.Random) -> None:
    buckets: Buckets[int] = Buckets(RATE, 8)
    now = 0.0
    for _ in range(5_000):
        now += rng.choice([0, 0.1, 1])
        take(buckets, rng.randrange(30), rng.choice([1, 2, 5]), now)
        if not rng.randrange(50):
            buckets.forget_full(now)
        assert {key for _, _, key in buckets._heap} == buckets._full_at.keys()
        assert len(buckets._heap) == len(buckets._full_at) <= 8


def test_a_full_bucket_is_one_that_never_was() -> None:
    assert RATE.wait(FULL, 10, 7.0) == RATE.wait(6.9, 10, 7.0) == 0
    assert RATE.wait(FULL, 11, 7.0) == 0.5


def test_a_pace_lets_a_burst_pass_and_then_keeps_the_rate() -> None:
    pace = Pace(RATE)
    now = 0.0
    waits = []
    for _ in range(20):
        waits.append(pace.step(now))
        now += waits[-1]
    assert waits[:10] == [0] * 10
    assert waits[10:] == pytest.approx([0.5] * 10)
