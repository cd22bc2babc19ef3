"""Lines appear above the draft, and the draft stays as it was typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.cli.chat.draft import Draft
from client.cli.chat.screen import Screen
from tests.client.cli.emulator import Emulator

WIDTH, HEIGHT = 20, 8


class Rig:
    """A screen and the terminal it writes to."""

    def __init__(self) -> None:
        self.screen = Screen(WIDTH, HEIGHT)
        self.terminal = Emulator(WIDTH, HEIGHT)

    def type(self, text: str, cursor: int | None = None) -> None:
        draft = Draft(text, len(text) if cursor is None else cursor)
        self.terminal.write(self.screen.type("> ", draft))

    def say(self, lines: str, key: str | None = None) -> None:
        self.terminal.write(self.screen.say(lines, key))


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_a_line_appears_above_the_draft(rig: Rig) -> None:
    rig.type("half a sen")
    rig.say("bob  hello\n")
    assert rig.terminal.shown == ["bob  hello", "> half a sen"]
    assert (rig.terminal.row, rig.terminal.column) == (1, 12)


def test_the_cursor_stays_in_the_middle_of_a_long_draft(rig: Rig) -> None:
    rig.type("a draft of more than one row of the terminal", cursor=3)
    rig.say("bob  hello\n")
    assert rig.terminal.shown == [
        "bob  hello", "> a draft of more t", "han one row of the", "terminal"
    ]  # fmt: skip
    assert (rig.terminal.row, rig.terminal.column) == (1, 5)


def test_a_draft_longer_than_half_the_screen_shows_the_cursor(rig: Rig) -> None:
    rig.say("first\n")
    rig.type("\n".join(map(str, range(20))))
    assert rig.terminal.shown == ["first", "16", "17", "18", "19"]
    rig.say("bob  hello\n")
    rig.type("")
    assert rig.terminal.shown == ["first", "bob  hello", ">"]


def test_the_newest_line_is_rewritten_in_place(rig: Rig) -> None:
    rig.say("you .  hi\n", "m1")
    rig.type("draft")
    assert rig.screen.can_say_again("m1")
    rig.terminal.write(rig.screen.say_again("you vv hi\n", "m1"))
    assert rig.terminal.shown == ["you vv hi", "> draft"]


def test_a_line_further_up_is_rewritten_in_place(rig: Rig) -> None:
    rig.say("you .  hi\n", "m1")
    rig.say("bob    oh\nwell\n", "m2")
    rig.type("draft")
    rig.terminal.write(rig.screen.say_again("you vv hi\n", "m1"))
    assert rig.terminal.shown == ["you vv hi", "bob    oh", "well", "> draft"]
    rig.terminal.write(rig.screen.say_again("bob    oh!\n", "m2"))
    assert rig.terminal.shown == ["you vv hi", "bob    oh!", "> draft"]


def test_what_a_long_draft_has_pushed_off_is_not_rewritten(rig: Rig) -> None:
    for number in range(HEIGHT):
        rig.say(f"{number}\n", f"m{number}")
    assert rig.screen.can_say_again("m1")
    rig.type("one\ntwo\nthree")
    rig.type("")
    assert not rig.screen.can_say_again("m2")
    assert rig.screen.can_say_again("m3")


def test_what_has_left_the_screen_is_not_rewritten(rig: Rig) -> None:
    rig.say("long\n" * HEIGHT, "m1")
    assert not rig.screen.can_say_again("m1")


def test_leaving_takes_the_draft_away(rig: Rig) -> None:
    rig.say("bye\n")
    rig.type("half")
    rig.terminal.write(rig.screen.leave())
    assert rig.terminal.shown == ["bye"]


@pytest.mark.parametrize("width", [9, 13, 19, 20, 31])
@pytest.mark.parametrize("cursor", [0, 17, 18, 30, 44])
def test_a_new_size_leaves_nothing_behind(rig: Rig, width: int, cursor: int) -> None:
    draft = "a draft of more than one row of the terminal"
    rig.say("bob: hello\n")
    rig.type(draft, cursor)
    rig.terminal.resize(width)
    rig.terminal.write(rig.screen.resize(width, HEIGHT))
    rig.type("")
    shown = [row for row in rig.terminal.shown if row != ">"]
    assert "".join(shown) == "bob: hello"


def test_a_draft_cannot_command_the_terminal(rig: Rig) -> None:
    rig.type("\x1b[2J\x07\u202e")  # the emulator fails on what it does not know
    assert rig.terminal.shown == ["> ␛[2J␇[U+202E]"]


TEXTS = st.text(st.sampled_from("ab \n日👍\u0301\x1b"), max_size=60)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("type"), TEXTS, st.floats(0, 1)),
        st.tuples(st.just("say"), st.text("xyz", min_size=1, max_size=15), st.just(0.0)),
        st.tuples(st.just("again"), st.text("uvw", min_size=1, max_size=15), st.floats(0, 1)),
    ),
    max_size=30,
)


@given(STEPS)
def test_every_line_said_is_shown_once_and_in_order(steps: list[tuple[str, str, float]]) -> None:
    rig, said = Rig(), list[str]()
    for number, (kind, text, place) in enumerate(steps):
        if kind == "type":
            rig.type(text, int(place * len(text)))
        elif kind == "say":
            rig.say(f"{number:02}{text}\n", str(len(said)))
            said.append(f"{number:02}{text}")
        elif said and rig.screen.can_say_again(key := str(int(place * (len(said) - 1)))):
            said[int(key)] = f"{number:02}{text}"
            rig.terminal.write(rig.screen.say_again(f"{said[int(key)]}\n", key))
    rig.terminal.write(rig.screen.leave())
    assert rig.terminal.shown == said
