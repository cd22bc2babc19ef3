"""Bytes become the same keys in whatever pieces they come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.cli.chat.keys import MAX_PASTE_CHARS, Key, KeyDecoder, Typed


def keys_of(*pieces: bytes) -> list[Key | Typed]:
    decoder = KeyDecoder()
    return [key for piece in pieces for key in decoder.feed(piece)]


def joined(keys: list[Key | Typed]) -> list[Key | str]:
    """Put neighbouring characters together: pieces cut them anywhere."""
    result: list[Key | str] = []
    for key in keys:
        if isinstance(key, Key):
            result.append(key)
        elif result and isinstance(result[-1], str):
            result[-1] += key.text
        else:
            result.append(key.text)
    return result


@pytest.mark.parametrize(
    ("data", "keys"),
    [
        (b"hi\r", ["hi", Key.ENTER]),
        (b"hi\n", ["hi", Key.ENTER]),
        ("grüß 日本 👍".encode(), ["grüß 日本 👍"]),
        (b"\x1b[A\x1bOA\x1b[B", [Key.UP, Key.UP, Key.DOWN]),
        (b"\x1b[1;5C\x1bb\x1b[3~", [Key.WORD_RIGHT, Key.WORD_LEFT, Key.DELETE]),
        (b"\x1b\r\x1b\x7f", [Key.NEW_LINE, Key.ERASE_WORD]),
        (b"\x03\x04\x15", [Key.CANCEL, Key.END_OF_INPUT, Key.ERASE_LINE]),
        (b"\x1b[200~two\r\nlines\rand \x1b[A\x1b[201~!", ["two\nlines\nand \x1b[A!"]),
        (b"a\x1b[38;5;1mb\x1b]c", ["abc"]),
        (b"a\x00\x1e\xc2\x9bb", ["ab"]),
    ],
)
def test_keys(data: bytes, keys: list[Key | str]) -> None:
    assert joined(keys_of(data)) == keys


TERMINAL_BYTES = st.lists(
    st.sampled_from([b"a", b"\x1b", b"[", b"O", b"A", b"200~", b"201~", b"\x1b[200~", b"\x1b[201~",
                     b"\r", b"\n", b"\xc3", b"\xbc", b";", b"5", b"~", b"\x03", b"\xff"])
).map(b"".join)  # fmt: skip


@given(TERMINAL_BYTES)
def test_pieces_make_no_difference(data: bytes) -> None:
    single = [bytes([each]) for each in data]
    assert joined(keys_of(*single)) == joined(keys_of(data))


@given(st.binary())
def test_any_bytes_give_keys(data: bytes) -> None:
    for key in keys_of(data):
        assert isinstance(key, Key) or key.text


def test_a_paste_is_bounded() -> None:
    (pasted,) = keys_of(b"\x1b[200~" + b"x" * (2 * MAX_PASTE_CHARS) + b"\x1b[201~")
    assert isinstance(pasted, Typed)
    assert len(pasted.text) == MAX_PASTE_CHARS
