"""Times as a person reads them in an error: UTC, since backups travel."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_MS = 253_402_300_799_000  # the end of the year 9999


def minute(time_ms: int) -> str:
    """Give a time to the minute."""
    return _at(time_ms).strftime("%Y-%m-%d %H:%M UTC")


def day(time_ms: int) -> str:
    """Give the day of a time."""
    return _at(time_ms).strftime("%Y-%m-%d")


def _at(time_ms: int) -> datetime:
    # Dates in a segment are what a peer's clock said: they may be anything.
    return _EPOCH + timedelta(milliseconds=min(time_ms, _LATEST_MS))
