"""When a KEM key is due: after 50 messages or 7 days, counted by each side for itself."""

from protocol.e2ee.ratchet.since_mix import JUST_MIXED, SinceMix

DAY_MS = 24 * 3_600_000
START_MS = 1_700_000_000_000


def _exchanged(count: int) -> SinceMix:
    """Send and open messages in turn, all at once."""
    since = JUST_MIXED
    for number in range(count):
        since = since.opened(START_MS) if number % 2 else since.sent()
    return since


def test_a_key_is_due_after_50_messages_of_both_sides() -> None:
    assert not _exchanged(49).is_due
    assert _exchanged(50).is_due
    assert _exchanged(51).is_due


def test_a_key_is_due_after_7_days_between_mix_and_message() -> None:
    since = JUST_MIXED.opened(START_MS)
    assert not since.opened(START_MS + 7 * DAY_MS - 1).is_due
    assert since.opened(START_MS + 7 * DAY_MS).is_due


def test_sending_alone_lets_no_time_pass() -> None:
    since = JUST_MIXED.opened(START_MS).sent().sent()
    assert since == SinceMix(3, START_MS, START_MS)


def test_before_anything_was_heard_only_messages_count() -> None:
    since = JUST_MIXED
    for _ in range(49):
        since = since.sent()
    assert not since.is_due
    assert since.sent().is_due


def test_answering_begins_anew_at_the_time_last_heard() -> None:
    since = _exchanged(80).opened(START_MS + 8 * DAY_MS).answered()
    assert not since.is_due
    assert not since.opened(START_MS + 15 * DAY_MS - 1).is_due
    assert since.opened(START_MS + 15 * DAY_MS).is_due


def test_a_mix_of_unknown_time_counts_from_the_first_message_heard_after_it() -> None:
    since = JUST_MIXED.sent().opened(START_MS)
    assert since == SinceMix(2, START_MS, START_MS)


def test_a_clock_that_once_ran_ahead_puts_nothing_off() -> None:
    """The relay said 2099 when the mix was made; a message later it is right again."""
    since = JUST_MIXED.opened(START_MS + 30_000 * DAY_MS).opened(START_MS)
    assert not since.is_due
    assert since.opened(START_MS + 7 * DAY_MS).is_due
