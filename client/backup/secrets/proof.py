"""The proof of having written the digits down: two of their rows, typed.

Which ones is drawn, so that nobody learns to write down the first and the last.

Spec: docs/backup.md#changing-what-opens-it
"""

from protocol.archive.digits import ROWS, RecoveryDigits, parse_row
from protocol.errors import DigitsRefused
from protocol.randomness import RandomBytes


def rows_to_prove(random_bytes: RandomBytes) -> tuple[int, int]:
    """Draw two different rows, from 1 to 8, the lower one first."""
    first = _drawn(random_bytes, ROWS)
    second = _drawn(random_bytes, ROWS - 1)
    second += second >= first
    return min(first, second) + 1, max(first, second) + 1


def require_row(digits: RecoveryDigits, number: int, typed: str) -> None:
    """Check that what was typed is row ``number``.

    Raises:
        DigitsRefused: it is no such row, or a row of other digits.
    """
    if parse_row(number, typed) != digits.rows()[number - 1]:
        raise DigitsRefused("these are the digits of another backup", number)


def _drawn(random_bytes: RandomBytes, below: int) -> int:
    """Draw a number below ``below``, each equally likely (8 and 7: a byte, drawn again if over)."""
    fair = 256 - 256 % below
    while (byte := random_bytes(1)[0]) >= fair:
        pass
    return byte % below
