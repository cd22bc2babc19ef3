"""Which backups are kept: the newest of each of the last days, weeks and months that have one.

All in UTC, weeks from Monday. A day without a backup takes no place: after a
month without any, there are still seven daily ones.

Spec: docs/formats.md#retention
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from protocol.limits import RETAINED_DAYS, RETAINED_MONTHS, RETAINED_WEEKS

_DAY_MS: Final = 86_400_000
_DAYS_TO_MONDAY: Final = 3
"""1970-01-01 was a Thursday."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How many backups are kept, one of each span; at least the newest is."""

    days: int = RETAINED_DAYS
    weeks: int = RETAINED_WEEKS
    months: int = RETAINED_MONTHS

    def kept(self, dates_ms: Iterable[int]) -> frozenset[int]:
        """Give those of ``dates_ms`` at which the backup is kept."""
        newest_first = sorted(set(dates_ms), reverse=True)
        kept = set(newest_first[:1])
        for span, count in ((_day, self.days), (_week, self.weeks), (_month, self.months)):
            kept.update(_newest_of_each(newest_first, span, count))
        return frozenset(kept)


def _newest_of_each(newest_first: list[int], span: Callable[[int], int], count: int) -> list[int]:
    newest: dict[int, int] = {}
    for date_ms in newest_first:
        newest.setdefault(span(date_ms), date_ms)
    return list(newest.values())[:count]


def _day(date_ms: int) -> int:
    return date_ms // _DAY_MS


def _week(date_ms: int) -> int:
    return (_day(date_ms) + _DAYS_TO_MONDAY) // 7


def _month(date_ms: int) -> int:
    """Number the months of the Gregorian calendar.

    Counted in years that begin in March, so that the leap day is a year's last and
    every month's first day is 153 * month / 5, rounded up.
    """
    days = _day(date_ms) + 719_468  # from 0000-03-01
    era, day_of_era = divmod(days, 146_097)
    year_of_era = (
        day_of_era - day_of_era // 1_460 + day_of_era // 36_524 - day_of_era // 146_096
    ) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    return (era * 400 + year_of_era) * 12 + (5 * day_of_year + 2) // 153
