"""Which session to send on: both sides come to the same one."""

import pytest

from protocol.e2ee.session import Role
from protocol.e2ee.sessions import SessionActivity, preferred
from protocol.ids import SessionId

LOW, HIGH = SessionId(b"\x01" * 16), SessionId(b"\x02" * 16)
OURS, THEIRS = Role.INITIATOR, Role.RESPONDER


def test_the_only_session() -> None:
    assert preferred([SessionActivity(LOW, OURS, began=1)]) == LOW


def test_the_one_last_heard_on() -> None:
    first = SessionActivity(LOW, THEIRS, began=1, last_received=9)
    second = SessionActivity(HIGH, THEIRS, began=2, last_received=8)
    assert preferred([first, second]) == preferred([second, first]) == LOW


def test_one_opened_since() -> None:
    """A session begun anew, to repair: it is used from its first message on."""
    old = SessionActivity(LOW, THEIRS, began=1, last_received=5)
    new = SessionActivity(HIGH, OURS, began=6)
    assert preferred([old, new]) == HIGH


def test_a_late_message_on_an_old_session_does_not_count_as_crossing() -> None:
    old = SessionActivity(HIGH, THEIRS, began=1, last_received=7)
    new = SessionActivity(LOW, OURS, began=6)
    assert preferred([old, new]) == HIGH


@pytest.mark.parametrize(("alices", "bobs"), [(LOW, HIGH), (HIGH, LOW)])
def test_two_who_begin_at_once_take_the_lower(alices: SessionId, bobs: SessionId) -> None:
    alice_sees = [SessionActivity(alices, OURS, 1), SessionActivity(bobs, THEIRS, 2, 2)]
    bob_sees = [SessionActivity(bobs, OURS, 1), SessionActivity(alices, THEIRS, 2, 2)]
    assert preferred(alice_sees) == preferred(bob_sees) == LOW


def test_a_crossing_ends_when_ours_is_answered() -> None:
    ours = SessionActivity(HIGH, OURS, began=1, last_received=5)
    theirs = SessionActivity(LOW, THEIRS, began=2, last_received=3)
    assert preferred([ours, theirs]) == HIGH
