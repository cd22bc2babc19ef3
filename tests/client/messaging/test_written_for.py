"""A text goes to the identity it was written for, whatever the relay's clock said meanwhile."""

import pytest

from client.messaging.encrypting import route_to
from client.messaging.reader import WrittenForAnother, require_meant
from client.messaging.sending import queue_undelivered_again
from client.messaging.trust import ResendQuestion
from client.store import contacts, settings
from protocol.limits import MAIL_LIFE_MS
from tests.client.messaging.conftest import MakeClient
from tests.client.messaging.test_key_change import accept, question, show
from tests.support.clients import Client, talk

DAY_MS = 86_400_000


def at_the_relay(alice: Client, bob: Client, text: str) -> None:
    """Let a text lie at the relay, and its reader be gone."""
    alice.send(bob, text)
    alice.flush()
    alice.relay.mail[bob.name] = []


def lose_keys(alice: Client, bob: Client) -> None:
    """Let bob show sealing keys of which some were left out, as after a loss."""
    bob.write(lambda tx: settings.set_prekeys_doubted(tx, True))
    bob.come_online()
    show(alice, bob)


def test_p7_a_wrong_clock_at_the_change_lets_no_text_pass_to_the_new_key(
    friends: tuple[Client, Client], make_client: MakeClient
) -> None:
    """By that clock the text has expired at the relay, and later it has not."""
    alice, old_bob = friends
    at_the_relay(alice, old_bob, "secret")
    bob = make_client("bob")
    ahead_ms = alice.relay.clock.now_ms + MAIL_LIFE_MS + DAY_MS
    alice.write(lambda tx: settings.hear_relay_clock(tx, ahead_ms))
    show(alice, bob)
    asked = question(alice, bob)
    assert isinstance(asked, ResendQuestion)
    assert asked.text_count == 1
    alice.hear_clock()
    lose_keys(alice, bob)
    talk(alice, bob)
    assert bob.texts(alice) == []


def test_p2_a_text_held_back_is_still_there_after_a_second_change(
    friends: tuple[Client, Client], make_client: MakeClient
) -> None:
    """It reached the relay too long ago to be queued again, and never will have left it."""
    alice, old_bob = friends
    at_the_relay(alice, old_bob, "keep me")
    clock = alice.relay.clock
    bob = old_bob
    for days in (25, 10):
        clock.now_ms += days * DAY_MS
        alice.hear_clock()
        bob = make_client("bob")
        show(alice, bob)
        asked = question(alice, bob)
        assert isinstance(asked, ResendQuestion)
        assert asked.text_count == 1
    accept(alice, bob)
    talk(alice, bob)
    assert bob.texts(alice) == ["keep me"]


def test_p2_a_text_that_was_queued_again_is_of_no_age(friends: tuple[Client, Client]) -> None:
    alice, bob = friends
    at_the_relay(alice, bob, "keep me")
    alice.write(lambda tx: queue_undelivered_again(tx, bob.name, alice.surroundings))
    alice.relay.clock.now_ms += MAIL_LIFE_MS + DAY_MS
    alice.hear_clock()
    bob.come_online()
    show(alice, bob)
    alice.write(lambda tx: queue_undelivered_again(tx, bob.name, alice.surroundings))
    talk(alice, bob)
    assert bob.texts(alice)[1:] == ["keep me"]


def test_p7_a_text_for_another_identity_is_refused_where_it_would_be_encrypted(
    friends: tuple[Client, Client],
) -> None:
    alice, bob = friends
    message_id = alice.send(bob, "for whom you are")
    alice.write(
        lambda tx: contacts.replace_pin(tx, bob.name, bob.device.identity.public, verified=False)
    )
    route = alice.read(lambda tx: route_to(tx, bob.name))
    assert route is not None
    with pytest.raises(WrittenForAnother):
        alice.read(lambda tx: require_meant(tx, route, message_id))
