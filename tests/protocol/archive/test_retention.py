"""Which backups are kept, compared with the calendar; and when an object may go."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from protocol.archive.retention import Retention
from protocol.archive.sweep import sweep

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
dates = st.datetimes(datetime(1970, 1, 1), datetime(2400, 1, 1), timezones=st.just(UTC))


def _ms(date: datetime) -> int:
    return (date - EPOCH) // timedelta(milliseconds=1)


def _by_calendar(found: list[datetime]) -> set[int]:
    """An oracle: the standard library's weeks and months."""
    kept = {max(found)} if found else set()
    for key, count in (("%Y-%m-%d", 7), ("%G-%V", 4), ("%Y-%m", 12)):
        newest = {f"{each:{key}}": each for each in sorted(found)}
        kept.update(sorted(newest.values())[-count:])
    return set(map(_ms, kept))


@given(st.lists(dates, max_size=40))
def test_it_is_the_calendars_choice(found: list[datetime]) -> None:
    assert Retention().kept(map(_ms, found)) == _by_calendar(found)


def test_three_years_of_daily_backups_leave_these() -> None:
    first = datetime(2023, 1, 1, 12, tzinfo=UTC)
    days = [first + timedelta(days=count) for count in range(3 * 365)]
    kept = Retention().kept(map(_ms, days))
    assert kept == _by_calendar(days)
    assert len(kept) == 7 + 2 + 11  # two weeks and a month are among the days


def test_backup_by_backup_no_kept_one_is_missed_later() -> None:
    """Deleting as one goes keeps what deleting at the end would: nothing is needed again."""
    start = datetime(2024, 1, 1, 9, tzinfo=UTC)
    times = [_ms(start + timedelta(hours=17 * count)) for count in range(500)]
    standing: frozenset[int] = frozenset()
    for index, now in enumerate(times):
        standing = Retention().kept([*standing, now])
        assert standing == Retention().kept(times[: index + 1])


def test_the_newest_is_always_kept() -> None:
    assert Retention(0, 0, 0).kept([5, 9, 7]) == {9}
    assert Retention().kept([]) == frozenset()


def test_an_object_goes_one_epoch_after_it_was_last_needed() -> None:
    listed = {"keyring", "head", "segment/a", "segment/b", "media/orphan"}
    needed = [{"segment/a", "segment/b"}, {"segment/a"}, {"segment/a"}]
    waiting: dict[str, int] = {}
    deleted = []
    for epoch, names in enumerate(needed, 7):
        result = sweep(sorted(listed), frozenset(names), waiting, epoch)
        waiting, listed = dict(result.waiting), listed - result.delete
        deleted.append(set(result.delete))
    assert deleted == [set(), {"media/orphan"}, {"segment/b"}]
    assert listed == {"keyring", "head", "segment/a"}


def test_an_object_that_is_needed_again_stays() -> None:
    first = sweep(["segment/a"], frozenset(), {}, 7)
    again = sweep(["segment/a"], frozenset({"segment/a"}), first.waiting, 8)
    assert not again.delete
    assert not again.waiting


def test_weeks_begin_on_monday() -> None:
    monday = datetime(2024, 1, 1, tzinfo=UTC)
    times = [_ms(monday + timedelta(days=day)) for day in (-1, 0, 6, 7)]
    assert Retention(0, 4, 0).kept(times) == {times[0], times[2], times[3]}
