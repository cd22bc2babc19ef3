"""The 64 digits that open a backup: 8 rows of 8, as a person writes them down.

    row = 7 random digits || Damm check digit over the row's number and those 7

56 random digits are 186 bits. The check digit finds every wrong digit of a row,
every swap of neighbours in it, and every row in another one's place, and so names
the row to look at again.

Spec: docs/formats.md#digits
"""

import unicodedata
from collections.abc import Iterator
from typing import ClassVar, Final

from protocol.archive.damm import check_digit
from protocol.archive.slot_secret import SlotSecret
from protocol.errors import DigitsRefused
from protocol.kdf import hkdf
from protocol.labels import Label
from protocol.randomness import RandomBytes
from protocol.secret import Secret

ROWS: Final = 8
ROW_DIGITS: Final = 8

_FREE_DIGITS: Final = ROW_DIGITS - 1
_SALT: Final = bytes(32)
_FAIR_BYTES: Final = 250
"""Bytes below this give each digit equally often; the others are drawn again."""
_SEPARATORS: Final = " \t\r\n-.,|:"


class RecoveryDigits(Secret):
    """The 56 random digits in ASCII, without their check digits."""

    __slots__ = ()
    SIZE: ClassVar[int | None] = ROWS * _FREE_DIGITS

    @classmethod
    def generate(cls, random_bytes: RandomBytes) -> "RecoveryDigits":
        """Draw new ones, each digit equally likely."""
        fair = _fair_digits(random_bytes)
        return cls("".join(str(next(fair)) for _ in range(ROWS * _FREE_DIGITS)).encode())

    def rows(self) -> tuple[str, ...]:
        """Give the 8 rows of 8 digits to be shown: this prints the secret."""
        free = self.expose().decode()
        starts = range(0, len(free), _FREE_DIGITS)
        return tuple(
            _with_check(number, free[at : at + _FREE_DIGITS]) for number, at in enumerate(starts, 1)
        )

    def slot_secret(self) -> SlotSecret:
        """Give what a slot's key pair is derived from."""
        return SlotSecret(hkdf(_SALT, self.expose(), Label.RECOVERY_DIGITS.value, 32))


def parse_digits(text: str) -> RecoveryDigits:
    """Read what a person typed: separators and line breaks are theirs to choose.

    Raises:
        DigitsRefused: names the row that cannot be right, where one can tell.
    """
    rows = _rows_of(text)
    return RecoveryDigits("".join(map(_free_of, range(1, ROWS + 1), rows)).encode())


def parse_row(number: int, text: str) -> str:
    """Read one row that a person typed.

    Args:
        number: 1 to 8.

    Returns:
        Its 8 digits.

    Raises:
        DigitsRefused: not 8 digits, or one is wrong.
    """
    row = _bare(text, number)
    if len(row) != ROW_DIGITS:
        raise DigitsRefused(f"it has {len(row)} digits instead of {ROW_DIGITS}", number)
    if _with_check(number, row[:_FREE_DIGITS]) != row:
        raise DigitsRefused("its check digit does not fit", number)
    return row


def _free_of(number: int, row: str) -> str:
    return parse_row(number, row)[:_FREE_DIGITS]


def _rows_of(text: str) -> list[str]:
    # Eight lines, or eight groups, are taken as the rows: a digit too few then names its row.
    for pieces in (text.splitlines(), text.split()):
        rows = [bare for bare in map(_bare, pieces) if bare]
        if len(rows) == ROWS:
            return rows
    digits, expected = _bare(text), ROWS * ROW_DIGITS
    if len(digits) != expected:
        raise DigitsRefused(f"there are {len(digits)} of {expected}")
    return [digits[at : at + ROW_DIGITS] for at in range(0, expected, ROW_DIGITS)]


def _bare(text: str, row: int | None = None) -> str:
    """Take separators out; digits of other scripts and widths count as what they show."""
    kept = [each for each in text if each not in _SEPARATORS and not each.isspace()]
    values = [unicodedata.decimal(each, None) for each in kept]
    if None in values:
        raise DigitsRefused("there is something that is no digit", row)
    return "".join(map(str, values))


def _with_check(number: int, free: str) -> str:
    return free + str(check_digit([number, *map(int, free)]))


def _fair_digits(random_bytes: RandomBytes) -> Iterator[int]:
    while True:
        yield from (byte % 10 for byte in random_bytes(64) if byte < _FAIR_BYTES)
