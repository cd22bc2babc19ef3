"""How many connections are let in."""

from dataclasses import replace

from server.limits.door import Door
from server.limits.rate import Rate
from server.limits.source import HERE, Source, source_of
from server.limits.values import DEFAULT

LIMITS = replace(
    DEFAULT, connections=Rate(1, 5), connections_at_once=3, connections_in_all=10, most_buckets=4
)


def far(number: int) -> Source:
    return source_of(f"192.0.2.{number}", 1)


def test_p6_one_address_has_so_many_at_once() -> None:
    door = Door(LIMITS)
    assert [door.admit(far(1), 0.0) for _ in range(5)] == [True] * 3 + [False] * 2
    assert door.admit(far(2), 0.0)
    door.leave(far(1))
    assert door.admit(far(1), 0.0)


def test_p6_one_address_opens_so_many_in_a_time() -> None:
    door = Door(LIMITS)
    opened = 0
    for _ in range(100):
        if door.admit(far(1), 0.0):
            opened += 1
            door.leave(far(1))
    assert opened == 5
    assert not door.admit(far(1), 0.9)
    assert door.admit(far(1), 1.0)


def test_p6_there_are_so_many_in_all() -> None:
    door = Door(LIMITS)
    assert sum(door.admit(far(number), 0.0) for number in range(50)) == 10
    assert not door.admit(HERE, 0.0)
    assert len(door) == 10


def test_this_machine_counts_only_in_all() -> None:
    door = Door(LIMITS)
    assert sum(door.admit(HERE, 0.0) for _ in range(50)) == 10


def test_p6_who_has_gone_leaves_nothing_behind() -> None:
    door = Door(LIMITS)
    for number in range(200):
        if door.admit(far(number), 0.0):
            door.leave(far(number))
    assert len(door) == 0
    assert not door._inside
    assert len(door._knocks) <= LIMITS.most_buckets
    door.forget_full(10.0)
    assert len(door._knocks) == 0
