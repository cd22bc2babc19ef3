"""What is refused, what is called weak, and why."""

from itertools import pairwise

import pytest

from client.backup.secrets.strength import MAX_JUDGED_CHARS, Level, strength_of
from client.backup.secrets.well_known import WELL_KNOWN


@pytest.mark.parametrize(
    "password",
    [
        "", "a", "secret", "password", "Password1", "P@ssw0rd", "p4ssw0rd!", "drowssap1",
        "12345678", "1234567890", "87654321", "aaaaaaaaaaaa", "abababababab", "abcdefgh",
        "qwertyuiop", "qwertz123", "11111111", "letmein1", "iloveyou2", "monkey123", "sunshine1",
        "summer2024", "24.12.1999", "alice1999", "ALICE-alice", "monkeymonkey",
    ],
)  # fmt: skip
def test_what_anybody_tries_is_refused(password: str) -> None:
    judged = strength_of(password, ["alice"])
    assert judged.level is Level.TRIVIAL, judged
    assert judged.why.endswith(".")


@pytest.mark.parametrize(
    ("password", "level"),
    [
        ("xkvtqpzw", Level.WEAK),
        ("hunter2hunter3hunter4", Level.WEAK),
        ("correcthorse", Level.FAIR),
        ("herbst regen dach", Level.STRONG),
        ("correct horse battery staple", Level.STRONG),
        ("VnB7$kq!xR2w", Level.FAIR),
        ("über den wolken 7 möwen", Level.STRONG),
        ("雨の日の猫は窓辺で眠っている", Level.STRONG),
    ],
)
def test_what_is_better_is_called_so(password: str, level: Level) -> None:
    assert strength_of(password).level is level, strength_of(password)


def test_a_name_of_ones_own_is_worth_nothing() -> None:
    stranger, own = (strength_of("xaverine-1871", words) for words in ([], ["xaverine"]))
    assert own.bits < stranger.bits - 15
    assert "name" in own.why


def test_one_more_character_never_hurts_much() -> None:
    text = "kestrel over the fjord"
    bits = [strength_of(text[:size]).bits for size in range(len(text) + 1)]
    assert all(later > earlier - 9 for earlier, later in pairwise(bits))
    assert bits[-1] > bits[5]


def test_a_huge_paste_is_judged_at_once() -> None:
    assert strength_of("xy7!" * 100_000).bits == strength_of(("xy7!" * 100)[:MAX_JUDGED_CHARS]).bits


def test_the_list_is_as_it_says() -> None:
    assert len(WELL_KNOWN) > 250
    assert all(word.isascii() and word.isalpha() and word.islower() for word in WELL_KNOWN)
