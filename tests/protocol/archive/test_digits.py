"""64 digits: every wrong digit, swapped neighbour and swapped row is found, and its row named."""

from collections import Counter
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.archive.damm import check_digit
from protocol.archive.digits import ROWS, RecoveryDigits, parse_digits, parse_row
from protocol.errors import DigitsRefused
from tests.protocol.archive.samples import DIGITS
from tests.support.randomness import SeededBytes

SHOWN = DIGITS.rows()


def _with_row(number: int, row: str) -> str:
    return "\n".join([*SHOWN[: number - 1], row, *SHOWN[number:]])


def _refused(text: str) -> DigitsRefused:
    with pytest.raises(DigitsRefused) as caught:
        parse_digits(text)
    return caught.value


def test_the_published_example() -> None:
    assert check_digit([5, 7, 2]) == 4
    assert check_digit([5, 7, 2, 4]) == 0


def test_the_table_finds_each_wrong_digit_and_each_swap_of_neighbours() -> None:
    """Of a state and two digits, all there are: so of digits in any place of any row."""
    for state, digit, other in product(range(10), repeat=3):
        prefix = next(p for p in range(10) if check_digit([p]) == state)
        if digit != other:
            assert check_digit([prefix, digit]) != check_digit([prefix, other])
            assert check_digit([prefix, digit, other]) != check_digit([prefix, other, digit])


@pytest.mark.parametrize("number", range(1, ROWS + 1))
def test_every_wrong_digit_names_its_row(number: int) -> None:
    row = SHOWN[number - 1]
    for place, wrong in product(range(8), range(1, 10)):
        digit = str((int(row[place]) + wrong) % 10)
        assert _refused(_with_row(number, row[:place] + digit + row[place + 1 :])).row == number


@pytest.mark.parametrize("number", range(1, ROWS + 1))
def test_swapped_neighbours_name_their_row(number: int) -> None:
    row = SHOWN[number - 1]
    for place in range(7):
        swapped = row[:place] + row[place + 1] + row[place] + row[place + 2 :]
        if swapped != row:
            assert _refused(_with_row(number, swapped)).row == number


def test_swapped_rows_name_the_first() -> None:
    for first in range(ROWS):
        for second in range(first + 1, ROWS):
            rows = list(SHOWN)
            rows[first], rows[second] = rows[second], rows[first]
            assert _refused(" ".join(rows)).row == first + 1


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(SHOWN),
        "".join(SHOWN),
        " ".join(SHOWN),
        "\r\n".join(f"  {row[:4]}-{row[4:]} " for row in SHOWN),
        "\n\n".join(" ".join(row) for row in SHOWN),
        "".join(SHOWN).translate({ord("0") + each: ord("０") + each for each in range(10)}),
    ],
)
def test_people_may_type_them_as_they_like(text: str) -> None:
    assert parse_digits(text) == DIGITS


@pytest.mark.parametrize("cut", [SHOWN[2][:7], SHOWN[2] + "1", SHOWN[2][:-1] + "x", "²" * 8])
@pytest.mark.parametrize("between", ["\n", " "])
def test_a_row_of_another_length_or_alphabet_is_named(cut: str, between: str) -> None:
    error = _refused(_with_row(3, cut).replace("\n", between))
    assert error.row in (3, None)
    if cut.isdigit() and cut.isascii():
        assert error.row == 3


@pytest.mark.parametrize("text", ["", "1", "1" * 63, "1" * 65, "hello"])
def test_what_is_not_64_digits_is_refused_in_words(text: str) -> None:
    assert "digits" in str(_refused(text))


def test_two_rows_prove_that_they_were_written_down() -> None:
    assert parse_row(3, f" {SHOWN[2][:4]} {SHOWN[2][4:]}") == SHOWN[2]
    with pytest.raises(DigitsRefused) as caught:
        parse_row(4, SHOWN[2])
    assert caught.value.row == 4


@given(st.integers())
def test_what_is_shown_is_read_back(seed: int) -> None:
    digits = RecoveryDigits.generate(SeededBytes(seed))
    assert parse_digits("\n".join(digits.rows())) == digits


def test_no_digit_is_likelier_than_another() -> None:
    """Bytes of 250 and more are drawn again: the bytes 0 to 255 give each digit 25 times."""
    supply = iter([bytes(range(200, 256)) + bytes(8), bytes(range(64)) * 4])
    digits = RecoveryDigits.generate(lambda _: next(supply)).expose().decode()
    assert digits == "".join(str(each % 10) for each in [*range(200, 250), *bytes(6)])
    drawn = Counter(b"".join(_free(seed) for seed in range(100)))
    assert set(drawn) == set(b"0123456789")
    assert max(drawn.values()) < 1.2 * min(drawn.values())


def _free(seed: int) -> bytes:
    return RecoveryDigits.generate(SeededBytes(f"fair {seed}")).expose()
