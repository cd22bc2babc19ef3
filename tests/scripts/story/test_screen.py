"""What a chat prints is understood: what is new, what repeats, how far one's own has come."""

import pytest

from scripts.story.chat_lines import ChatLine, Mark, MarkChanged, Message, Remark, parse
from scripts.story.screen import Screen

LINES: dict[str, ChatLine] = {
    "03:42  bob        so it is": Message(None, "so it is"),
    "03:42  alice      you  .   know: yes": Message(None, "you  .   know: yes"),
    "03:41  you    .   the tide": Message(Mark.QUEUED, "the tide"),
    "03:41  you    vv  the tide": Message(Mark.DELIVERED, "the tide"),
    "-- v at the relay: “the ti…”": MarkChanged(Mark.AT_RELAY, "the ti"),
    "-- vv delivered: “x lala”": MarkChanged(Mark.DELIVERED, "x lala"),
    "-- Connected.": Remark("Connected."),
    "03:42  -- First contact: the key that bob shows --": Remark(
        "03:42  -- First contact: the key that bob shows --"
    ),
}


@pytest.mark.parametrize("line", LINES)
def test_a_line_is_what_it_is(line: str) -> None:
    assert parse(line) == LINES[line]


def screen_with(*lines: str) -> Screen:
    screen = Screen()
    for line in lines:
        screen.take(line)
    return screen


def test_texts_are_read_in_order() -> None:
    assert screen_with("03:42  bob      one", "03:42  bob      two").read == ["one", "two"]


def test_p2_a_text_shown_twice_in_one_chat_is_read_twice() -> None:
    assert screen_with("03:42  bob      one", "03:42  bob      one").read == ["one", "one"]


def test_what_a_new_chat_repeats_is_not_new() -> None:
    screen = screen_with("03:42  bob      one")
    screen.begin_chat()
    screen.take("03:42  bob      one")
    screen.take("03:43  bob      two")
    assert screen.read == ["one", "two"]


def test_marks_follow_a_text() -> None:
    screen = screen_with("03:41  you  .   the tide is high")
    assert screen.marks == {"the tide is high": Mark.QUEUED}
    screen.take("-- v at the relay: “the tide i…”")
    assert screen.marks == {"the tide is high": Mark.AT_RELAY}


def test_a_remark_is_found_by_its_words_in_the_present_chat() -> None:
    screen = screen_with("03:41  -- alice's key has changed: compare")
    assert screen.remark("alice's key") == "alice's key has changed: compare"
    assert screen.remark("bob's key") is None
    screen.begin_chat()
    assert screen.remark("alice's key") is None


@pytest.mark.parametrize(
    ("lines", "is_connected"),
    [
        ([], False),
        (["-- Connected."], True),
        (["-- Connected.", "-- Not connected: the relay is away."], False),
        (["-- Connected.", "-- something else"], True),
    ],
)
def test_the_connection_is_what_was_said_last(lines: list[str], is_connected: bool) -> None:
    assert screen_with(*lines).is_connected is is_connected
