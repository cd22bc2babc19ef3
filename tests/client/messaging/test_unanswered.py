"""A session that nobody answered is not gone on with for ever: its prekeys die at the other end."""

import pytest

from client.store import sessions
from client.values import EntryKind
from protocol.limits import (
    MAIL_LIFE_MS,
    PREKEY_ROTATION_MS,
    RETIRED_PREKEY_LIFE_MS,
    UNANSWERED_SESSION_LIFE_MS,
)
from tests.client.messaging.repairs import session_in_use
from tests.support.clients import Client, FakeRelay, talk

DAY_MS = 24 * 3_600_000


def days_pass(relay: FakeRelay, count: int, *online: Client) -> None:
    """Let days pass; who is online rotates, and forgets, day by day."""
    for _ in range(count):
        relay.clock.now_ms += DAY_MS
        for client in online:
            client.come_online()
            client.tidy()


def test_p2_a_stranger_whose_first_message_was_lost_can_write_again(
    alice: Client, bob: Client, relay: FakeRelay
) -> None:
    """Bob knows nobody of that name: he could not even tell that a message did not open."""
    alice.send(bob, "lost")
    alice.flush()
    relay.mail[bob.name].clear()
    days_pass(relay, 40, alice, bob)
    alice.send(bob, "hello?")
    talk(alice, bob)
    assert bob.texts(alice) == ["hello?"]
    assert [entry.kind for entry in bob.history(alice)].count(EntryKind.UNREADABLE) == 0


def test_p2_who_writes_to_somebody_away_is_heard_when_they_are_back(
    alice: Client, bob: Client, relay: FakeRelay
) -> None:
    written = []
    for number in range(MAIL_LIFE_MS // DAY_MS):
        written.append(f"day {number}")
        alice.send(bob, written[-1])
        alice.flush()
        days_pass(relay, 1, alice)
    bob.come_online()
    talk(alice, bob)
    assert bob.texts(alice) == written
    bob.send(alice, "back")
    talk(alice, bob)
    assert alice.texts(bob) == ["back"]
    assert session_in_use(alice, bob) == session_in_use(bob, alice)


@pytest.mark.parametrize("extra_ms", [0, 1])
def test_a_session_is_gone_on_with_for_two_days(
    alice: Client, bob: Client, relay: FakeRelay, extra_ms: int
) -> None:
    alice.send(bob, "one")
    alice.fetch_keys()
    before = session_in_use(alice, bob)
    relay.clock.now_ms += UNANSWERED_SESSION_LIFE_MS + extra_ms
    alice.hear_clock()
    alice.send(bob, "two")
    alice.fetch_keys()
    assert (session_in_use(alice, bob) == before) is (extra_ms == 0)


def test_an_answered_session_is_gone_on_with(
    friends: tuple[Client, Client], relay: FakeRelay
) -> None:
    alice, bob = friends
    before = session_in_use(alice, bob)
    days_pass(relay, 60, alice, bob)
    alice.send(bob, "still the same")
    talk(alice, bob)
    assert session_in_use(alice, bob) == session_in_use(bob, alice) == before


def test_p6_a_local_clock_far_ahead_opens_no_session_after_the_other(
    alice: Client, bob: Client, relay: FakeRelay
) -> None:
    alice.send(bob, "one")
    alice.fetch_keys()
    before = session_in_use(alice, bob)
    relay.clock.now_ms += 400 * DAY_MS  # Alice's own: the relay's is not heard
    for number in range(5):
        alice.send(bob, str(number))
        alice.fetch_keys()
    assert session_in_use(alice, bob) == before
    assert len(alice.read(sessions.all_sessions)) == 1


def test_prekeys_outlive_mail_on_an_unanswered_session() -> None:
    """Opened at the last moment before a rotation, written on at the last moment, read so late."""
    assert UNANSWERED_SESSION_LIFE_MS + MAIL_LIFE_MS < RETIRED_PREKEY_LIFE_MS
    assert UNANSWERED_SESSION_LIFE_MS <= PREKEY_ROTATION_MS
