"""The safety number: libsignal's published figure, and what people type."""

import pytest

from protocol.e2ee.safety_number import format_safety_number, parse_safety_number, safety_number
from protocol.errors import BadSafetyNumber
from tests.protocol.e2ee.parties import party

ALICE, BOB = party("alice").identity.public, party("bob").identity.public

# libsignal, fingerprint tests: keys with their type byte 5 in front, telephone numbers as names.
LIBSIGNAL_ALICE = bytes.fromhex(
    "0506863bc66d02b40d27b8d49ca7c09e9239236f9d7d25d6fcca5ce13c7064d868"
)
LIBSIGNAL_BOB = bytes.fromhex("05f781b6fb32fed9ba1cf2de978d4d5da28dc34046ae814402b5c0dbd96fda907b")
LIBSIGNAL_NUMBER = "300354477692869396892869876765458257569162576843440918079131"


def test_libsignals_published_number() -> None:
    alice, bob = ("+14152222222", LIBSIGNAL_ALICE), ("+14153333333", LIBSIGNAL_BOB)
    assert safety_number(*alice, *bob) == LIBSIGNAL_NUMBER
    assert safety_number(*bob, *alice) == LIBSIGNAL_NUMBER


def test_both_sides_see_the_same_60_digits() -> None:
    number = safety_number("alice", ALICE, "bob", BOB)
    assert number == safety_number("bob", BOB, "alice", ALICE)
    assert len(number) == 60
    assert number.isdigit()


def test_names_and_keys_all_count() -> None:
    numbers = {
        safety_number("alice", ALICE, "bob", BOB),
        safety_number("alicia", ALICE, "bob", BOB),
        safety_number("alice", ALICE, "rob", BOB),
        safety_number("alice", BOB, "bob", BOB),
        safety_number("alice", BOB, "bob", ALICE),
    }
    assert len(numbers) == 5


def test_it_is_shown_in_twelve_groups_of_five() -> None:
    assert format_safety_number(LIBSIGNAL_NUMBER) == (
        "30035 44776 92869 39689\n28698 76765 45825 75691\n62576 84344 09180 79131"
    )


@pytest.mark.parametrize(
    "typed",
    [
        LIBSIGNAL_NUMBER,
        format_safety_number(LIBSIGNAL_NUMBER),
        "-".join(format_safety_number(LIBSIGNAL_NUMBER).split()),
        f"{LIBSIGNAL_NUMBER[:30]} \u2013 {LIBSIGNAL_NUMBER[30:]}",
        f"  {LIBSIGNAL_NUMBER[:30]}\t\n{LIBSIGNAL_NUMBER[30:]} ",
    ],
)
def test_white_space_and_dashes_do_not_count_when_typed(typed: str) -> None:
    assert parse_safety_number(typed) == LIBSIGNAL_NUMBER


@pytest.mark.parametrize(
    "typed", ["", LIBSIGNAL_NUMBER[:-1], LIBSIGNAL_NUMBER + "0", LIBSIGNAL_NUMBER[:-1] + "x",
              LIBSIGNAL_NUMBER[:-1] + "٣"],
)  # fmt: skip
def test_anything_else_is_no_safety_number(typed: str) -> None:
    with pytest.raises(BadSafetyNumber):
        parse_safety_number(typed)
