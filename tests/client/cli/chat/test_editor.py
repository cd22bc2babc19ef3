"""Keys change the draft as fingers expect."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.cli.chat.commands import complete
from client.cli.chat.draft import Draft
from client.cli.chat.editor import Editor
from client.cli.chat.keys import Key, Typed


def edited(*keys: Key | str) -> Editor:
    editor = Editor(lambda line: complete(line, ["bob", "bobby", "carol"]))
    for key in keys:
        editor.press(Typed(key) if isinstance(key, str) else key)
    return editor


@pytest.mark.parametrize(
    ("keys", "before", "after"),
    [
        (["hello"], "hello", ""),
        (["hello", Key.LEFT, Key.LEFT], "hel", "lo"),
        (["hello", Key.HOME, Key.RIGHT, "X"], "hX", "ello"),
        (["hello", Key.LEFT, Key.BACKSPACE], "hel", "o"),
        (["hello", Key.HOME, Key.DELETE], "", "ello"),
        (["one two  ", Key.WORD_LEFT], "one ", "two  "),
        (["one two", Key.HOME, Key.WORD_RIGHT], "one", " two"),
        (["one two", Key.ERASE_WORD], "one ", ""),
        (["one two", Key.WORD_LEFT, Key.ERASE_LINE], "", "two"),
        (["one two", Key.WORD_LEFT, Key.ERASE_REST], "one ", ""),
        (["a", Key.NEW_LINE, "b"], "a\nb", ""),
        (["a", Key.CANCEL], "", ""),
        (["ab", Key.HOME, Key.END_OF_INPUT], "", "b"),
        ([Key.LEFT, Key.RIGHT, Key.BACKSPACE, Key.DELETE, Key.WORD_RIGHT], "", ""),
        (["e\u0301", Key.BACKSPACE], "", ""),
        (["👨\u200d👩", Key.LEFT], "", "👨\u200d👩"),
        (["/se", Key.COMPLETE], "/search ", ""),
        (["/to b", Key.COMPLETE], "/to bob", ""),
        (["/to c", Key.COMPLETE], "/to carol", ""),
        (["so", Key.COMPLETE], "so", ""),
    ],
)
def test_editing(keys: list[Key | str], before: str, after: str) -> None:
    draft = edited(*keys).draft
    assert (draft.before, draft.after) == (before, after)


def test_enter_gives_the_line_and_begins_anew() -> None:
    editor = edited("hi", Key.LEFT)
    assert editor.press(Key.ENTER) == "hi"
    assert editor.draft == Draft()


def test_up_and_down_bring_back_what_was_sent_and_the_draft() -> None:
    editor = edited("one", Key.ENTER, "two", Key.ENTER, "half", Key.UP)
    assert editor.draft.text == "two"
    editor.press(Key.UP)
    editor.press(Key.UP)
    assert editor.draft.text == "one"
    for _ in range(3):
        editor.press(Key.DOWN)
    assert editor.draft.text == "half"


def test_leaving() -> None:
    with pytest.raises(KeyboardInterrupt):
        edited(Key.CANCEL)
    with pytest.raises(EOFError):
        edited(Key.END_OF_INPUT)


EDITS = st.one_of(
    st.text(max_size=5).map(Typed),
    st.sampled_from([key for key in Key if key not in (Key.CANCEL, Key.END_OF_INPUT)]),
)


@given(st.lists(EDITS))
def test_the_cursor_stays_within_the_text(keys: list[Key | Typed]) -> None:
    editor = edited()
    for key in keys:
        editor.press(key)
        assert 0 <= editor.draft.cursor <= len(editor.draft.text)
