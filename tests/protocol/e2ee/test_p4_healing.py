"""P4: after how many messages a stolen state is worth nothing again; the page gives the numbers.

Each row of the table under "Healing" is played: the conversation up to the
theft, the theft, and what follows. Messages before the theft stay closed, as
many after it as the row says open, and then not one of the next hundred.
"""

import re
from collections.abc import Callable, Iterator

import pytest

from protocol.e2ee.session import peek_untrusted
from scripts.protocol_tables import PAGE
from tests.protocol.e2ee.thief import Talk, Thief, other

AFTERWARDS_COUNT = 160
"""Messages by turns after the theft: at least two mixes are among those that stay closed."""

Row = tuple[str, str, str]
Played = Iterator[tuple[Talk, str, Thief]]
"""The conversation after the theft, the victim, its thief."""

SECTION = PAGE.read_text().split("\n## Healing\n")[1].split("\n## ")[0]
ROWS: dict[Row, int] = {
    (thief, stolen, follows): int(opens)
    for thief, stolen, follows, opens in re.findall(
        r"^\| (\w+) \| ([^|]+) \| ([^|]+) \| (\d+) \|$", SECTION, re.MULTILINE
    )
}

FIRST_ATTACH, FIRST_MIX, PERIOD = (
    int(number)
    for pattern in ("attached to message", "mixed into message", "each mix comes")
    for number in re.findall(rf"{pattern} (\d+)", SECTION)
)

SENDER, RECEIVER = True, False


def _classical(*, sent: bool) -> Played:
    """A theft after each of many messages, from the side that sent it or from the other."""
    for number in (*range(2, 12), *range(FIRST_ATTACH - 2, FIRST_MIX + 3), FIRST_MIX + PERIOD):
        yield _stolen(number, sent=sent, quantum=False)


def _quantum(first: int, *victims: bool) -> Played:
    """A theft after message ``first``, and a period later, from each of these sides."""
    for number in (first, first + PERIOD):
        for sent in victims:
            yield _stolen(number, sent=sent, quantum=True)


def _stolen(number: int, *, sent: bool, quantum: bool) -> tuple[Talk, str, Thief]:
    """Steal, after message ``number``, from the side that sent it or from the other."""
    talk = Talk()
    talk.by_turns(number)
    victim = talk.last_sender if sent else other(talk.last_sender)
    return talk, victim, talk.steal(victim, quantum=quantum)


TURNS = "they write by turns"
OPENED = "from a side that has just opened a message"
SENT = "from a side that has just sent a message"
MIXED = "just after a mix, from either side"
OTHER_10 = "the other side writes 10 more, then by turns"
ITSELF_10 = "it writes 10 more, then by turns"
OTHER_60 = "the other side of the mix writes 60, then by turns"
BEFORE = "just before a key is attached, from either side"
ATTACHER = "just after a key is attached, from the side that attached it"
ANSWERER = "just after a key is attached, from the other side"

PLAYS: dict[Row, Callable[[], Played]] = {
    ("classical", OPENED, TURNS): lambda: _classical(sent=False),
    ("classical", SENT, TURNS): lambda: _classical(sent=True),
    ("classical", OPENED, OTHER_10): lambda: _classical(sent=False),
    ("classical", SENT, ITSELF_10): lambda: _classical(sent=True),
    ("quantum", MIXED, TURNS): lambda: _quantum(FIRST_MIX, SENDER, RECEIVER),
    ("quantum", MIXED, OTHER_60): lambda: _quantum(FIRST_MIX, SENDER, RECEIVER),
    ("quantum", BEFORE, TURNS): lambda: _quantum(FIRST_ATTACH - 1, SENDER, RECEIVER),
    ("quantum", ATTACHER, TURNS): lambda: _quantum(FIRST_ATTACH, SENDER),
    ("quantum", ANSWERER, TURNS): lambda: _quantum(FIRST_ATTACH, RECEIVER),
}


def _go_on(talk: Talk, follows: str, least: int) -> None:
    """Play what ``follows``: perhaps one side writes several first, then both by turns."""
    last = talk.last_sender
    writer, count = {
        TURNS: (last, 0),
        OTHER_10: (last, 10),  # the victim has just opened a message: the last writer goes on
        ITSELF_10: (last, 10),  # the victim is the last writer
        OTHER_60: (other(last), 60),  # the last message made the mix
    }[follows]
    for _ in range(count):
        talk.say(writer)
    talk.by_turns(len(talk.log) + least)


def test_every_row_of_the_page_is_played() -> None:
    assert set(PLAYS) == set(ROWS)
    assert len(ROWS) == 9


@pytest.mark.parametrize("row", PLAYS, ids=lambda row: f"{row[0]}: {row[1]}; {row[2]}")
def test_p4_a_thief_opens_as_many_messages_as_the_page_says_and_no_more(row: Row) -> None:
    for talk, victim, thief in PLAYS[row]():
        before = len(talk.log)
        assert not any(thief.opens_earlier(message) for _, message in talk.log[1:])
        _go_on(talk, row[2], AFTERWARDS_COUNT)
        opened = [
            thief.opens(message, from_victim=sender == victim)
            for sender, message in talk.log[before:]
        ]
        closed_count = len(opened) - ROWS[row]
        assert opened == [True] * ROWS[row] + [False] * closed_count
        assert closed_count >= AFTERWARDS_COUNT - 1 - PERIOD


def test_p4_keys_are_attached_and_answered_by_the_messages_that_the_page_names() -> None:
    talk = Talk()
    talk.by_turns(FIRST_MIX + 3 * PERIOD)
    fields = {
        number: peek_untrusted(message).kem
        for number, (_, message) in enumerate(talk.log[1:], start=2)
    }
    mixes = [FIRST_MIX + turn * PERIOD for turn in range(4)]
    attaches = [FIRST_ATTACH + turn * PERIOD for turn in range(4)]
    assert [number for number, kem in fields.items() if kem.ciphertext] == mixes
    assert [number for number, kem in fields.items() if kem.attached_key] == attaches


def test_p4_without_an_answer_nothing_heals() -> None:
    talk = Talk()
    talk.by_turns(9)
    writer = talk.last_sender
    thieves = [talk.steal(victim, quantum=False) for victim in (writer, other(writer))]
    for _ in range(150):
        talk.say(writer)
    for thief, victim in zip(thieves, (writer, other(writer)), strict=True):
        assert all(
            thief.opens(message, from_victim=victim == writer) for _, message in talk.log[9:]
        )
