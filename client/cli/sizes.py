"""Sizes as people read them."""

from typing import Final

_UNITS: Final = ("bytes", "kB", "MB", "GB", "TB")
_STEP: Final = 1_000
_WHOLE_FROM: Final = 100


def size_words(size: int) -> str:
    """Give a size of up to three digits, in powers of 1,000: ``812 bytes``, ``1.5 MB``."""
    value, unit = float(size), 0
    while value >= _STEP and unit < len(_UNITS) - 1:
        value, unit = value / _STEP, unit + 1
    digits = f"{value:.0f}" if unit == 0 or value >= _WHOLE_FROM else f"{value:.1f}"
    return f"{digits} {_UNITS[unit]}"
