"""Times in words, on the user's own clock."""

from datetime import datetime


def clock(time_ms: int) -> str:
    """Give hours and minutes."""
    return _local(time_ms).strftime("%H:%M")


def day(time_ms: int) -> str:
    """Give a day in words."""
    moment = _local(time_ms)
    return f"{moment:%A}, {moment.day} {moment:%B %Y}"


def day_and_clock(time_ms: int) -> str:
    """Give a day in words, with hours and minutes."""
    return f"{day(time_ms)}, {clock(time_ms)}"


def _local(time_ms: int) -> datetime:
    """Give a peer's or relay's time; what no calendar has is shown as the beginning of time."""
    try:
        return datetime.fromtimestamp(time_ms / 1000).astimezone()
    except (OverflowError, ValueError, OSError):
        return datetime.fromtimestamp(0).astimezone()
