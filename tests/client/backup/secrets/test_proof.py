"""Two rows, typed again."""

from collections import Counter

import pytest

from client.backup.secrets.proof import require_row, rows_to_prove
from protocol.archive.digits import RecoveryDigits
from protocol.errors import DigitsRefused
from tests.support.randomness import SeededBytes

DRAW = SeededBytes("proof")
DIGITS = RecoveryDigits.generate(DRAW)


def test_any_two_rows_are_asked_for_equally_often() -> None:
    drawn = Counter(rows_to_prove(DRAW) for _ in range(2_800))
    assert len(drawn) == 28
    assert all(1 <= first < second <= 8 for first, second in drawn)
    assert 60 < min(drawn.values()) <= max(drawn.values()) < 145


def test_the_right_row_is_taken_however_it_is_typed() -> None:
    for number, row in enumerate(DIGITS.rows(), 1):
        require_row(DIGITS, number, f" {row[:4]} {row[4:]}\n")


def test_a_wrong_one_is_named() -> None:
    rows = DIGITS.rows()
    other = RecoveryDigits.generate(DRAW).rows()
    for typed in (rows[3], rows[2][:-1], other[2], ""):
        with pytest.raises(DigitsRefused, match="row 3") as caught:
            require_row(DIGITS, 3, typed)
        assert caught.value.row == 3
