"""Names: what may stand on a command line and in a file name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import InvalidName
from protocol.ids import parse_name


@pytest.mark.parametrize("name", ["a", "7", "alice", "a.b-c_d", "a--b", "x" * 32, "0" * 32])
def test_names(name: str) -> None:
    assert parse_name(name) == name


@pytest.mark.parametrize(
    "text",
    ["", "x" * 33, "Alice", "-a", "a-", ".a", "a.", "_a", "a_", "..", "a b", "a/b", "a\n", "\na",
     "é", "ａ", "٣", "a\x00b", "a\u202eb", "."],
)  # fmt: skip
def test_everything_else(text: str) -> None:
    with pytest.raises(InvalidName):
        parse_name(text)


@given(st.text(max_size=40))
def test_what_passes_is_ascii_and_short(text: str) -> None:
    try:
        name = parse_name(text)
    except InvalidName:
        return
    assert 1 <= len(name) <= 32
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789._-")
    assert name[0].isalnum()
    assert name[-1].isalnum()
