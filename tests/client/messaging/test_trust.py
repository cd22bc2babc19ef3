"""A verified contact shows another identity: nothing goes out or is opened before an answer."""

from dataclasses import replace

import pytest

from client.errors import LocalError
from client.messaging import answers, fetching, trust
from client.messaging.fetching import KeysWanted
from client.messaging.outcomes import Duplicate, Held, Received
from client.store import contacts, conversation, outbox, sessions
from client.values import MessageState, TrustQuestion
from protocol.ids import DeviceAddress
from tests.client.messaging.conftest import MakeClient
from tests.client.messaging.envelopes import mail
from tests.support.clients import Client, talk


@pytest.fixture
def checked(friends: tuple[Client, Client]) -> tuple[Client, Client]:
    """Alice, who has compared Bob's number, and Bob."""
    alice, bob = friends
    alice.write(lambda tx: contacts.set_verified(tx, bob.name))
    return alice, bob


@pytest.fixture
def reinstalled(checked: tuple[Client, Client], make_client: MakeClient) -> tuple[Client, Client]:
    """The same Alice, and Bob on a new device that has nothing of the old one."""
    alice, _ = checked
    return alice, make_client("bob")


def accept(client: Client, peer: Client) -> list[object]:
    identity = peer.device.identity.public
    return list(
        client.write(
            lambda tx: answers.accept_identity(tx, peer.name, identity, client.surroundings)
        )
    )


def outgoing_states(client: Client, peer: Client) -> list[MessageState]:
    return [each.state for each in client.history(peer) if each.outgoing]


def test_both_sides_compare_the_same_number(friends: tuple[Client, Client]) -> None:
    alice, bob = friends
    ours = alice.read(lambda tx: trust.number_to_compare(tx, bob.name))
    theirs = bob.read(lambda tx: trust.number_to_compare(tx, alice.name))
    assert ours.digits == theirs.digits
    assert ours.identity == bob.device.identity.public


def test_there_is_no_number_before_the_first_key(alice: Client, bob: Client) -> None:
    with pytest.raises(LocalError, match="No key of bob"):
        alice.read(lambda tx: trust.number_to_compare(tx, bob.name))


def test_verifying_marks_the_contact(friends: tuple[Client, Client]) -> None:
    alice, bob = friends
    identity = bob.device.identity.public
    alice.write(lambda tx: answers.verify(tx, bob.name, identity, alice.surroundings))
    assert alice.read(lambda tx: contacts.find(tx, bob.name)).verified


def test_p7_a_number_compared_for_another_key_verifies_nothing(
    friends: tuple[Client, Client],
) -> None:
    alice, bob = friends
    before = alice.dump()
    with pytest.raises(LocalError, match="not the one that was shown"):
        alice.write(lambda tx: answers.verify(tx, bob.name, bytes(32), alice.surroundings))
    assert alice.dump() == before


def test_p7_a_message_under_a_new_identity_is_held_and_asked_about(
    reinstalled: tuple[Client, Client],
) -> None:
    alice, bob = reinstalled
    delivery = mail(bob, alice, "new phone")
    assert alice.receive(delivery) == Held(bob.name, TrustQuestion(bob.name, verified=True))
    assert alice.receive(delivery) == Duplicate()
    assert alice.receive(mail(bob, alice, "hello?")) == Held(bob.name, None)
    assert "new phone" not in alice.texts(bob)
    assert "verified" in alice.notices(bob)[-1]


def test_p7_nothing_goes_out_while_the_question_is_open(
    reinstalled: tuple[Client, Client],
) -> None:
    alice, bob = reinstalled
    alice.receive(mail(bob, alice))
    alice.send(bob, "secret")
    assert alice.flush() == []
    assert alice.write(lambda tx: fetching.prepare(tx, alice.surroundings)) == []
    assert outgoing_states(alice, bob)[-1] is MessageState.QUEUED


def test_messages_of_the_pinned_identity_still_open(
    checked: tuple[Client, Client], make_client: MakeClient
) -> None:
    alice, old_bob = checked
    late = mail(old_bob, alice, "sent before")
    alice.receive(mail(make_client("bob"), alice))
    assert isinstance(alice.receive(late), Received)
    assert alice.texts(old_bob)[-1] == "sent before"


def test_accepting_opens_what_was_held_and_sends_what_was_not_delivered(
    checked: tuple[Client, Client], make_client: MakeClient
) -> None:
    alice, old_bob = checked
    alice.send(old_bob, "at the relay")
    alice.flush()
    alice.send(old_bob, "still here")
    alice.fetch_keys()
    bob = make_client("bob")
    alice.receive(mail(bob, alice, "new phone"))
    alice.send(bob, "queued meanwhile")
    ids = [each.message_id for each in alice.history(bob) if each.outgoing]

    (outcome,) = accept(alice, bob)
    assert isinstance(outcome, Received)
    assert alice.texts(bob)[-1] == "new phone"
    pin = alice.read(lambda tx: contacts.find(tx, bob.name))
    assert (pin.identity, pin.verified) == (bob.device.identity.public, False)
    assert (pin.pending_identity, pin.series) == (None, 2)

    bob.relay.mail[bob.name] = []
    talk(alice, bob)
    assert bob.texts(alice) == ["at the relay", "still here", "queued meanwhile"]
    assert [each.message_id for each in bob.history(alice) if not each.outgoing][1:] == ids[1:]
    assert outgoing_states(alice, bob) == [MessageState.DELIVERED] * 4


def test_accepting_after_comparing_is_verifying(reinstalled: tuple[Client, Client]) -> None:
    alice, bob = reinstalled
    alice.receive(mail(bob, alice))
    shown = alice.read(lambda tx: trust.number_to_compare(tx, bob.name))
    assert shown.identity == bob.device.identity.public
    outcomes = alice.write(
        lambda tx: answers.verify(tx, bob.name, shown.identity, alice.surroundings)
    )
    assert len(outcomes) == 1
    pin = alice.read(lambda tx: contacts.find(tx, bob.name))
    assert (pin.identity, pin.verified) == (shown.identity, True)


def test_p7_an_answer_is_for_the_identity_that_was_shown(
    reinstalled: tuple[Client, Client], make_client: MakeClient
) -> None:
    alice, bob = reinstalled
    alice.receive(mail(bob, alice))
    third = make_client("bob")
    alice.receive(mail(third, alice))
    before = alice.dump()
    with pytest.raises(LocalError, match="not the one that was shown"):
        accept(alice, bob)
    assert alice.dump() == before


def test_keeping_the_old_identity_drops_what_was_held_and_goes_on(
    checked: tuple[Client, Client], make_client: MakeClient
) -> None:
    alice, bob = checked
    shelf = bob.relay.shelves[bob.name]
    impostor = make_client("bob")
    alice.receive(mail(impostor, alice, "trust me"))
    alice.send(bob, "are you well?")
    alice.write(lambda tx: answers.keep_identity(tx, bob.name, alice.surroundings))
    assert "refused" in alice.notices(bob)[-1]
    alice.send(bob, "behind what waits")
    assert alice.ready() == []
    bob.relay.shelves[bob.name] = shelf
    talk(alice, bob)
    assert bob.texts(alice)[-2:] == ["are you well?", "behind what waits"]
    assert "trust me" not in alice.texts(bob)
    with pytest.raises(LocalError, match="no question"):
        alice.write(lambda tx: answers.keep_identity(tx, bob.name, alice.surroundings))


def test_p7_an_unvouched_claim_is_no_question_until_the_directory_agrees(
    reinstalled: tuple[Client, Client],
) -> None:
    alice, bob = reinstalled
    claim = replace(mail(bob, alice, "new phone"), vouched=None)
    assert alice.receive(claim) == Held(bob.name, None)
    assert alice.read(lambda tx: contacts.find(tx, bob.name)).pending_identity is None
    assert alice.fetch_keys() == [TrustQuestion(bob.name, verified=True)]
    (outcome,) = accept(alice, bob)
    assert isinstance(outcome, Received)


def test_p7_a_claim_that_the_directory_denies_is_dropped(
    friends: tuple[Client, Client], make_client: MakeClient
) -> None:
    alice, bob = friends
    shelf = bob.relay.shelves[bob.name]
    claim = replace(mail(make_client("bob"), alice, "trust me"), vouched=None)
    bob.relay.shelves[bob.name] = shelf
    alice.receive(claim)
    assert alice.fetch_keys() == []
    assert alice.connection.execute("SELECT count(*) FROM held").get == 0
    assert alice.read(lambda tx: contacts.find(tx, bob.name)).pending_identity is None


def test_the_first_key_of_a_contact_written_to_offline_is_pinned_by_whatever_comes_first(
    alice: Client, bob: Client
) -> None:
    alice.send(bob, "written offline")
    alice.receive(mail(bob, alice, "you first"))
    talk(alice, bob)
    assert bob.texts(alice) == ["written offline"]
    assert len(alice.read(sessions.all_sessions)) == 1


def test_contacts_are_listed_with_what_matters(reinstalled: tuple[Client, Client]) -> None:
    alice, bob = reinstalled
    alice.receive(mail(bob, alice))
    assert alice.read(conversation.message_count) == 2
    (contact,) = alice.read(conversation.contacts)
    assert contact.message_count == 2
    assert contact.name == bob.name
    assert contact.pending_identity == bob.device.identity.public
    assert contact.last_activity_ms is not None
    assert alice.read(outbox.count) == 0


def take_sealing_key(alice: Client, bob: Client) -> TrustQuestion | None:
    """Let the directory show ``bob``."""
    upload = bob.relay.shelves[bob.name].upload
    assert upload is not None
    return alice.write(
        lambda tx: fetching.sealing_key_arrived(
            tx, bob.name, bob.device.identity.public, upload.sealing_key, alice.surroundings
        )
    )


def test_p7_the_expected_key_closes_the_question_that_the_directory_raised(
    checked: tuple[Client, Client], make_client: MakeClient
) -> None:
    alice, bob = checked
    shelf = bob.relay.shelves[bob.name]
    impostor = make_client("bob")
    assert take_sealing_key(alice, impostor) == TrustQuestion(bob.name, verified=True)
    assert alice.read(fetching.questioned) == [KeysWanted(DeviceAddress(bob.name), None, None)]
    alice.receive(replace(mail(impostor, alice, "trust me"), vouched=None))
    alice.send(bob, "are you well?")
    bob.relay.shelves[bob.name] = shelf
    assert take_sealing_key(alice, bob) is None
    assert alice.read(lambda tx: contacts.find(tx, bob.name)).pending_identity is None
    assert alice.read(fetching.questioned) == []
    assert "again" in alice.notices(bob)[-1]
    talk(alice, bob)
    assert bob.texts(alice)[-1] == "are you well?"
    assert "trust me" not in alice.texts(bob)


def test_p7_a_relay_that_contradicts_itself_closes_no_question(
    checked: tuple[Client, Client], make_client: MakeClient
) -> None:
    alice, bob = checked
    shelf = bob.relay.shelves[bob.name]
    alice.receive(mail(make_client("bob"), alice, "new phone"))
    bob.relay.shelves[bob.name] = shelf
    assert take_sealing_key(alice, bob) is None
    assert alice.read(lambda tx: contacts.find(tx, bob.name)).pending_identity is not None
    assert alice.connection.execute("SELECT count(*) FROM held").get == 1
