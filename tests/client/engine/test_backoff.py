"""Waiting between attempts: doubling, jittered, bounded; the relay's wish is heard."""

from client.engine.backoff import FIRST_DELAY_S, LONGEST_DELAY_S, Backoff


def least(count: int) -> bytes:
    return bytes(count)


def most(count: int) -> bytes:
    return b"\xff" * count


def test_delays_double_up_to_the_longest() -> None:
    backoff, delays = Backoff(), []
    for _ in range(12):
        backoff = backoff.failed()
        delays.append(backoff.delay_s(most))
    assert delays[:4] == [FIRST_DELAY_S, 0.4, 0.8, 1.6]
    assert delays[-1] == LONGEST_DELAY_S


def test_jitter_takes_away_up_to_half() -> None:
    backoff = Backoff(failures=3)
    assert backoff.delay_s(least) == backoff.delay_s(most) / 2


def test_the_relays_wish_is_obeyed_within_limits() -> None:
    once, again = Backoff(1), Backoff(2)
    assert once.delay_s(most, 0) == 0
    assert once.delay_s(most, 5_000) == 5
    assert once.delay_s(most, 10**12) == LONGEST_DELAY_S
    assert again.delay_s(least, 0) == FIRST_DELAY_S
    assert again.delay_s(least, 5_000) == 5
    assert again.delay_s(least, 10**12) == LONGEST_DELAY_S
