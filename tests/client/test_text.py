"""Nothing that a peer writes can command a terminal."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from client.text import MAX_MARKS, clean, clean_line, join_words, shorten

# Mostly the characters that matter, among any others, lone surrogates included.
HOSTILE = st.sampled_from(
    "\x1b\x07\x08\r\n\t\x7f\x85\x9b\x9d\u200b\u200c\u200d\u200e\u202a\u202e\u2028\u2029"
    "\u2066\u2069\ufeff\u0301\u0489\ufe0f\ud800\udfff\U000e0041 a]\\[;0m"
)
ANY = st.characters(codec=None, exclude_categories=())
FOREIGN = st.text(st.one_of(HOSTILE, ANY))


def commands_in(text: str) -> list[str]:
    """Everything in a text that a terminal might obey, or that hides."""
    return [
        character
        for character in text
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")
        and character not in "\u200c\u200d"
    ]


@given(FOREIGN)
@example("\x1b]0;title\x07")
@example("\x1b[2J\x1b[H")
@example("\x9b31m")
def test_one_line_holds_no_command_and_no_line_end(text: str) -> None:
    shown = clean_line(text)
    assert commands_in(shown) == []
    assert shown.splitlines() in ([shown], [])
    shown.encode()


@given(FOREIGN)
def test_a_text_holds_line_feeds_and_no_other_command(text: str) -> None:
    assert commands_in(clean(text).replace("\n", "")) == []


@given(FOREIGN)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    once = clean(text)
    assert clean(once) == once


@given(FOREIGN)
def test_the_result_is_bounded(text: str) -> None:
    # The longest answer to two characters: [U+10FFFF and 1 more]
    assert 2 * len(clean(text)) <= 21 * len(text)


@given(FOREIGN)
def test_no_letter_carries_a_tower(text: str) -> None:
    tower = 0
    for character in clean(text):
        tower = tower + 1 if unicodedata.category(character) in ("Mn", "Me", "Cf") else 0
        assert tower <= MAX_MARKS


@given(FOREIGN)
def test_nothing_visible_becomes_nothing(text: str) -> None:
    assert bool(text) == bool(clean(text))


@pytest.mark.parametrize(
    "text",
    [
        "Guten Tag, “schön”!",
        "日本語 한국어 ภาษาไทย",
        "می‌خواهم",  # Persian needs its joiner
        "क्‍ष",  # so does this conjunct
        "👨‍👩‍👧 ❤️‍🔥 🏳️‍🌈 1️⃣ 👍🏽",
        "שָׁלוֹם",
        "two\nlines",
        "[bold]markup is only text[/bold]",
    ],
)
def test_what_people_write_stays_as_it_is(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "␛[31mred"),
        ("bell\x07, back\x08, gone\x7f", "bell␇, back␈, gone␡"),
        ("\x9b31m", "[U+009B]31m"),
        ("abc\u202etxt.exe", "abc[U+202E]txt.exe"),
        ("a" + "\u200b" * 6 + "b", "a[U+200B and 5 more]b"),
        ("a" + "\u200d" * 3 + "b", "a[U+200D and 2 more]b"),
        ("\u200da", "[U+200D]a"),
        ("\ud800", "[U+D800]"),
        ("\u0301", "◌\u0301"),
        ("a" + "\u0301" * 65, "a" + "\u0301" * 8 + "[+57 marks]"),
        ("a\r\nb\rc", "a\nb␍c"),
        ("a\tb", "a    b"),
        ("a\u2028b", "a[U+2028]b"),
    ],
)
def test_what_terminals_obey_is_shown_as_what_it_is(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_a_name_stays_on_its_line() -> None:
    assert clean_line("bob\nalice: pay him") == "bob␊alice: pay him"


@given(FOREIGN, st.integers(1, 40))
def test_a_shortened_text_fits(text: str, most: int) -> None:
    assert len(shorten(text, most)) <= most


def test_words_join_as_in_a_sentence() -> None:
    assert join_words(["a"]) == "a"
    assert join_words(["a", "b", "c"]) == "a, b and c"
    assert join_words(["a", "b"], last="or") == "a or b"
