"""Profile keys: told once to whom they are due, told anew when replaced, kept from the blocked."""

import pytest

from client.errors import LocalError
from client.messaging import blocking
from client.messaging.outcomes import Dropped, Junk, Outcome, Received
from client.store import contacts, outbox, profile_keys, receipts_due
from client.values import Delivery, MessageState
from protocol.e2ee.content import Content, ProfileKeyTold, encode_content
from protocol.e2ee.profile_key import DeliveryToken, ProfileKey, delivery_token
from protocol.ids import MessageId
from protocol.limits import PROFILE_KEY_RETOLD_MS
from tests.client.messaging.conftest import MakeClient
from tests.client.messaging.envelopes import mail, speak, under_new_id
from tests.support.clients import Client, talk


def token_of(client: Client, peer: Client) -> DeliveryToken | None:
    return client.read(lambda tx: profile_keys.token_of(tx, peer.name))


def own_token(client: Client) -> DeliveryToken:
    return delivery_token(client.read(profile_keys.own).key)


def senders(client: Client) -> list[bool]:
    """Tell of each envelope in a client's mailbox whether it bears a name."""
    return [each.vouched is not None for each in client.relay.mail.get(client.name, [])]


@pytest.fixture
def sealed(alice: Client, bob: Client) -> tuple[Client, Client]:
    """Alice and Bob hold each other's token, and nothing is under way."""
    for client in (alice, bob):
        client.set_token()
    alice.send(bob, "hello bob")
    talk(alice, bob)
    assert token_of(alice, bob) == own_token(bob)
    assert token_of(bob, alice) == own_token(alice)
    return alice, bob


# --- telling ----------------------------------------------------------------


def test_the_key_goes_out_with_the_first_text_in_one_transaction(
    alice: Client, bob: Client
) -> None:
    alice.set_token()
    alice.send(bob, "hello bob")
    alice.fetch_keys()
    assert len(alice.ready()) == 2
    alice.send(bob, "once is enough")
    assert len(alice.ready()) == 3


def test_nobody_is_told_a_key_whose_token_the_relay_lacks(alice: Client, bob: Client) -> None:
    alice.send(bob, "hello bob")
    talk(alice, bob)
    assert token_of(bob, alice) is None
    alice.set_token()
    talk(alice, bob)
    assert token_of(bob, alice) == own_token(alice)


def test_a_receipt_brings_the_key_of_somebody_who_has_not_written(
    sealed: tuple[Client, Client],
) -> None:
    alice, bob = sealed
    assert bob.texts(alice, outgoing=True) == []
    assert token_of(alice, bob) == own_token(bob)


def test_the_key_is_in_no_history_and_gets_no_receipt(sealed: tuple[Client, Client]) -> None:
    alice, bob = sealed
    assert bob.texts(alice) == ["hello bob"]
    assert not any(line.missing_before for line in bob.history(alice))
    assert alice.read(receipts_due.peers) == []
    assert bob.read(receipts_due.peers) == []


def test_from_then_on_nothing_bears_a_name(sealed: tuple[Client, Client]) -> None:
    alice, bob = sealed
    alice.send(bob, "sealed")
    bob.send(alice, "sealed too")
    alice.flush()
    bob.flush()
    assert senders(alice) == senders(bob) == [False]
    talk(alice, bob)
    assert bob.texts(alice) == ["hello bob", "sealed"]
    assert alice.texts(bob) == ["sealed too"]


def test_what_was_made_to_go_with_a_name_keeps_it(alice: Client, bob: Client) -> None:
    """Its id may be known to the relay: without a name it would give the connection away."""
    bob.set_token()
    alice.send(bob, "hello bob")
    alice.fetch_keys()
    alice.write(lambda tx: profile_keys.learn(tx, bob.name, bob.read(profile_keys.own).key))
    assert [item.anonymous for item in alice.ready()] == [False]
    alice.send(bob, "and now without")
    assert [item.anonymous for item in alice.ready()] == [False, True]


def test_a_rotation_tells_everybody_who_knew_the_old_key(
    sealed: tuple[Client, Client], make_client: MakeClient
) -> None:
    alice, bob = sealed
    carol = make_client("carol")
    carol.set_token()
    carol.send(alice, "hello alice")
    talk(alice, bob, carol)
    old = own_token(alice)
    alice.write(lambda tx: profile_keys.replace(tx, ProfileKey(bytes(32))))
    talk(alice, bob, carol)
    assert token_of(bob, alice) == token_of(carol, alice) == old  # the relay lacks the new one
    alice.set_token()
    talk(alice, bob, carol)
    assert token_of(bob, alice) == token_of(carol, alice) == own_token(alice) != old


def test_a_refused_token_is_forgotten_and_the_bytes_stay(sealed: tuple[Client, Client]) -> None:
    alice, bob = sealed
    bob.relay.tokens[bob.name] = DeliveryToken(bytes(16))
    alice.send(bob, "first refused, then taken")
    (before,) = alice.ready()
    alice.flush()
    (after,) = alice.ready()
    assert (before.anonymous, after.anonymous) == (True, False)
    assert (before.envelope_id, before.envelope) == (after.envelope_id, after.envelope)
    alice.flush()
    assert senders(bob) == [True]
    assert token_of(alice, bob) is None


def test_a_token_that_came_meanwhile_is_not_forgotten(sealed: tuple[Client, Client]) -> None:
    alice, bob = sealed
    old = token_of(alice, bob)
    alice.write(lambda tx: profile_keys.learn(tx, bob.name, ProfileKey(bytes(32))))
    assert not alice.write(lambda tx: profile_keys.forget_token(tx, bob.name, old))
    assert token_of(alice, bob) == delivery_token(ProfileKey(bytes(32)))


def test_who_writes_with_a_name_a_day_later_is_told_again_once(
    sealed: tuple[Client, Client],
) -> None:
    alice, bob = sealed
    lost = token_of(alice, bob)
    assert alice.write(lambda tx: profile_keys.forget_token(tx, bob.name, lost))
    alice.send(bob, "with my name")
    talk(alice, bob)
    assert token_of(alice, bob) is None
    alice.relay.clock.now_ms += PROFILE_KEY_RETOLD_MS + 1
    alice.hear_clock()
    bob.hear_clock()
    alice.send(bob, "with my name again")
    talk(alice, bob)
    assert not bob.read(profile_keys.own).is_set  # perhaps it was the relay that lost it
    bob.set_token()
    talk(alice, bob)
    assert token_of(alice, bob) == own_token(bob)


def test_another_identity_starts_without_any_token(
    sealed: tuple[Client, Client], make_client: MakeClient
) -> None:
    alice, _ = sealed
    new_bob = make_client("bob")
    new_bob.set_token()
    new_bob.send(alice, "my new phone")
    new_bob.flush()
    alice.receive_all()
    talk(alice, new_bob)
    assert token_of(alice, new_bob) == own_token(new_bob)
    assert token_of(new_bob, alice) == own_token(alice)


# --- blocking ---------------------------------------------------------------


def block(client: Client, peer: Client) -> None:
    client.write(lambda tx: blocking.block(tx, peer.name, client.surroundings))


def unblock(client: Client, peer: Client) -> None:
    client.write(lambda tx: blocking.unblock(tx, peer.name, client.surroundings))


def test_a_blocked_contact_is_opened_and_dropped(sealed: tuple[Client, Client]) -> None:
    alice, bob = sealed
    block(alice, bob)
    alice.set_token()
    assert isinstance(alice.receive(mail_with_name(bob, alice, "hear me")), Dropped)
    assert alice.texts(bob) == []
    talk(alice, bob)
    assert bob.history(alice)[-1].state is MessageState.AT_RELAY
    assert token_of(bob, alice) != own_token(alice)


def mail_with_name(sender: Client, recipient: Client, text: str) -> Delivery:
    """Send a text; the first try is refused, for the token is an old one."""
    sender.send(recipient, text)
    sender.flush()
    sender.flush()
    (delivery,) = sender.relay.mail[recipient.name]
    sender.relay.mail[recipient.name] = []
    return delivery


def test_after_the_block_the_session_goes_on(sealed: tuple[Client, Client]) -> None:
    alice, bob = sealed
    block(alice, bob)
    for number in range(30):
        bob.send(alice, f"unheard {number}")
    talk(alice, bob)
    unblock(alice, bob)
    bob.send(alice, "heard")
    talk(alice, bob)
    assert alice.texts(bob) == ["heard"]
    assert alice.history(bob)[-1].missing_before == 30
    assert bob.history(alice)[-1].state is MessageState.DELIVERED


def test_the_blocked_one_learns_the_new_key_only_after_the_block(
    sealed: tuple[Client, Client],
) -> None:
    alice, bob = sealed
    block(alice, bob)
    alice.set_token()
    talk(alice, bob)
    assert token_of(bob, alice) not in (None, own_token(alice))
    unblock(alice, bob)
    talk(alice, bob)
    assert token_of(bob, alice) != own_token(alice)  # not before alice writes or confirms
    alice.send(bob, "peace")
    talk(alice, bob)
    assert token_of(bob, alice) == own_token(alice)


def test_nothing_is_written_to_somebody_who_is_blocked(sealed: tuple[Client, Client]) -> None:
    alice, bob = sealed
    alice.send(bob, "still queued")
    block(alice, bob)
    assert alice.ready() == []
    (line,) = [each for each in alice.history(bob) if each.text == "still queued"]
    assert line.state is MessageState.FAILED
    assert "blocked" in line.failure
    before = alice.dump()
    with pytest.raises(LocalError, match="blocked bob") as caught:
        alice.send(bob, "one more thing")
    assert "unblock bob" in caught.value.hint
    assert alice.dump() == before


def test_what_a_blocked_one_forges_leaves_no_line(sealed: tuple[Client, Client]) -> None:
    alice, bob = sealed
    delivery = under_new_id(mail(bob, alice, "news"))
    broken = speak(bob, alice, b"no content at all")
    block(alice, bob)
    lines = len(alice.history(bob))
    assert isinstance(alice.receive(broken), Junk)
    assert isinstance(alice.receive(delivery), Dropped)
    assert len(alice.history(bob)) == lines


def test_a_new_key_of_a_blocked_one_is_kept_for_later(sealed: tuple[Client, Client]) -> None:
    alice, bob = sealed
    block(alice, bob)
    key = ProfileKey(b"n" * 32)
    told = Content(MessageId(bytes(16)), 0, 9, ProfileKeyTold(key))
    alice.receive(speak(bob, alice, encode_content(told)))
    assert token_of(alice, bob) == delivery_token(key)


def test_blocking_twice_rotates_once(sealed: tuple[Client, Client]) -> None:
    alice, bob = sealed
    block(alice, bob)
    token = own_token(alice)
    block(alice, bob)
    assert own_token(alice) == token
    assert len([text for text in alice.notices(bob) if "You blocked" in text]) == 1
    unblock(alice, bob)
    unblock(alice, bob)
    assert len([text for text in alice.notices(bob) if "You unblocked" in text]) == 1


@pytest.mark.parametrize("name", ["nobody", "alice"])
def test_only_contacts_can_be_blocked(sealed: tuple[Client, Client], name: str) -> None:
    alice, _ = sealed
    for change in (blocking.block, blocking.unblock):
        with pytest.raises(LocalError):
            alice.write(lambda tx: change(tx, name, alice.surroundings))  # type: ignore[arg-type]  # noqa: B023
    assert not alice.read(lambda tx: contacts.find(tx, alice.name)).blocked


def test_an_outcome_for_a_friend_is_still_a_line(sealed: tuple[Client, Client]) -> None:
    alice, bob = sealed
    outcome: Outcome = alice.receive(mail(bob, alice, "not blocked"))
    assert isinstance(outcome, Received)
    assert alice.read(lambda tx: outbox.count(tx)) == 0
