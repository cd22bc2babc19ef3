"""A contact that nobody verified shows another identity: a notice, and the conversation goes on.

What was written before the notice goes to the new key only after a person said so.
"""

from dataclasses import replace

import pytest

from client.errors import LocalError
from client.messaging import answers, blocking, fetching, submitting, trust
from client.messaging.outcomes import Held, Junk
from client.messaging.sending import queue_undelivered_again
from client.messaging.trust import ResendQuestion
from client.store import contacts, conversation, history, outbox, sessions
from client.values import EntryKind, MessageState
from protocol.ids import FetchId
from protocol.limits import OUTBOX_LIFE_MS, PREKEY_ROTATION_MS
from tests.client.messaging.conftest import MakeClient
from tests.client.messaging.envelopes import mail
from tests.support.clients import Client, talk

CHANGED = "bob's key has changed: a new device, or somebody in between"


@pytest.fixture
def changed(friends: tuple[Client, Client], make_client: MakeClient) -> tuple[Client, Client]:
    """Alice, with a text at the relay and one still here, and Bob on a new device."""
    alice, old_bob = friends
    alice.send(old_bob, "at the relay")
    alice.flush()
    alice.send(old_bob, "still here")
    bob = make_client("bob")
    bob.relay.mail[bob.name] = []
    return alice, bob


def read_notices(alice: Client, bob: Client) -> None:
    """Let a terminal show ``alice`` the notices about ``bob``."""
    untold = alice.read(lambda tx: conversation.untold_notices(tx, bob.name))
    alice.write(lambda tx: history.mark_listened(tx, [each.row_id for each in untold]))


def show(alice: Client, bob: Client) -> None:
    """Let the directory show ``bob`` to ``alice``, who reads the notice."""
    show_unseen(alice, bob)
    read_notices(alice, bob)


def show_unseen(alice: Client, bob: Client) -> None:
    """Let the directory show ``bob`` while nobody is looking."""
    upload = bob.relay.shelves[bob.name].upload
    assert upload is not None
    identity = bob.device.identity.public
    question = alice.write(
        lambda tx: fetching.sealing_key_arrived(
            tx, bob.name, identity, upload.sealing_key, alice.surroundings
        )
    )
    assert question is None


def pinned(alice: Client, bob: Client) -> bytes | None:
    return alice.read(lambda tx: contacts.find(tx, bob.name)).identity


def question(alice: Client, bob: Client) -> trust.Question | None:
    return alice.read(lambda tx: trust.open_question(tx, bob.name))


def accept(alice: Client, bob: Client) -> None:
    identity = bob.device.identity.public
    alice.write(lambda tx: answers.accept_identity(tx, bob.name, identity, alice.surroundings))


def keep(alice: Client, bob: Client) -> None:
    alice.write(lambda tx: answers.keep_identity(tx, bob.name, alice.surroundings))


@pytest.mark.parametrize("vouched", [True, False])
def test_p7_an_envelope_changes_nothing_before_the_directory_agrees(
    changed: tuple[Client, Client], vouched: bool
) -> None:
    alice, bob = changed
    expected = pinned(alice, bob)
    delivery = mail(bob, alice, "new phone")
    outcome = alice.receive(delivery if vouched else replace(delivery, vouched=None))
    assert outcome == Held(bob.name, None)
    assert (pinned(alice, bob), "new phone" in alice.texts(bob)) == (expected, False)
    assert alice.fetch_keys() == []
    assert pinned(alice, bob) == bob.device.identity.public
    assert alice.texts(bob)[-1] == "new phone"


def test_p7_the_notice_stands_before_all_that_comes_or_goes_under_the_new_key(
    changed: tuple[Client, Client],
) -> None:
    alice, bob = changed
    alice.receive(mail(bob, alice, "new phone"))
    alice.relay.clock.now_ms += 60_000
    alice.hear_clock()
    alice.fetch_keys()
    read_notices(alice, bob)
    alice.send(bob, "are you well?")
    talk(alice, bob)
    lines = [(each.kind, each.text) for each in alice.history(bob)]
    place = next(i for i, (_, text) in enumerate(lines) if text.startswith(CHANGED))
    assert lines[place][0] is EntryKind.NOTICE
    assert "glasspost verify bob" in lines[place][1]
    assert "2 texts" in lines[place][1]
    assert {text for _, text in lines[place + 1 :]} >= {"new phone", "are you well?"}
    assert bob.texts(alice) == ["are you well?"]


def test_p7_undelivered_texts_do_not_move_before_the_answer(
    changed: tuple[Client, Client],
) -> None:
    alice, bob = changed
    show(alice, bob)
    alice.send(bob, "written after the notice")
    talk(alice, bob)
    alice.reopen()
    talk(alice, bob)
    assert bob.texts(alice) == ["written after the notice"]
    assert len(alice.ready()) == 0
    asked = question(alice, bob)
    assert isinstance(asked, ResendQuestion)
    assert (asked.text_count, asked.identity) == (2, bob.device.identity.public)

    ids = [each.message_id for each in alice.history(bob) if each.outgoing]
    accept(alice, bob)
    talk(alice, bob)
    assert sorted(bob.texts(alice)) == ["at the relay", "still here", "written after the notice"]
    assert sorted(each.message_id for each in alice.history(bob) if each.outgoing) == sorted(ids)
    assert question(alice, bob) is None
    assert not alice.read(lambda tx: contacts.find(tx, bob.name)).verified


def test_p7_a_new_key_that_says_it_lost_some_gets_no_text_from_before(
    changed: tuple[Client, Client],
) -> None:
    """What is undelivered is sent again then: but not what waits for a person."""
    alice, bob = changed
    show(alice, bob)
    alice.write(lambda tx: queue_undelivered_again(tx, bob.name, alice.surroundings))
    talk(alice, bob)
    assert bob.texts(alice) == []


def test_p7_a_text_waits_that_was_written_before_any_terminal_told_of_the_change(
    changed: tuple[Client, Client],
) -> None:
    alice, bob = changed
    show_unseen(alice, bob)
    alice.send(bob, "written in good faith")
    talk(alice, bob)
    assert bob.texts(alice) == []
    asked = question(alice, bob)
    assert isinstance(asked, ResendQuestion)
    assert asked.text_count == 3
    read_notices(alice, bob)
    alice.send(bob, "to whoever has the new key")
    talk(alice, bob)
    assert bob.texts(alice) == ["to whoever has the new key"]
    accept(alice, bob)
    talk(alice, bob)
    assert len(bob.texts(alice)) == 4
    counters = [each.counter for each in bob.history(alice) if not each.outgoing]
    assert len(set(counters)) == len(counters), "no number is taken twice"


def test_p7_comparing_is_having_seen(changed: tuple[Client, Client]) -> None:
    alice, bob = changed
    show_unseen(alice, bob)
    shown = alice.read(lambda tx: trust.number_to_compare(tx, bob.name))
    alice.write(lambda tx: answers.verify(tx, bob.name, shown.identity, alice.surroundings))
    alice.send(bob, "to you")
    talk(alice, bob)
    assert "to you" in bob.texts(alice)


def test_p7_texts_queued_offline_before_the_change_wait_too(
    friends: tuple[Client, Client], make_client: MakeClient
) -> None:
    """Some were never encrypted: the keys were too old already."""
    alice, old_bob = friends
    alice.send(old_bob, "encrypted")
    alice.relay.clock.now_ms += PREKEY_ROTATION_MS + 1
    for text in ("one", "two"):
        alice.send(old_bob, text)
    alice.hear_clock()
    bob = make_client("bob")
    bob.relay.mail[bob.name] = []
    talk(alice, bob)
    assert bob.texts(alice) == []
    read_notices(alice, bob)
    alice.send(bob, "later")
    talk(alice, bob)
    accept(alice, bob)
    talk(alice, bob)
    assert sorted(bob.texts(alice)) == ["encrypted", "later", "one", "two"]
    counters = [each.counter for each in bob.history(alice) if not each.outgoing]
    assert len(set(counters)) == len(counters), "no number is taken twice"
    assert [each.state for each in alice.history(bob) if each.outgoing][-1] is (
        MessageState.DELIVERED
    )


def test_p7_texts_that_are_kept_from_the_new_key_fail_and_stay_readable(
    changed: tuple[Client, Client],
) -> None:
    alice, bob = changed
    show(alice, bob)
    keep(alice, bob)
    talk(alice, bob)
    failed = [each for each in alice.history(bob) if each.state is MessageState.FAILED]
    assert [each.text for each in failed] == ["at the relay", "still here"]
    assert failed[0].failure == "It was not sent to the new key of bob."
    assert bob.texts(alice) == []
    assert pinned(alice, bob) == bob.device.identity.public, "the conversation goes on with it"
    with pytest.raises(LocalError, match="no question"):
        keep(alice, bob)


def test_p7_comparing_the_new_number_is_an_answer(changed: tuple[Client, Client]) -> None:
    alice, bob = changed
    show(alice, bob)
    shown = alice.read(lambda tx: trust.number_to_compare(tx, bob.name))
    alice.write(lambda tx: answers.verify(tx, bob.name, shown.identity, alice.surroundings))
    talk(alice, bob)
    assert bob.texts(alice) == ["at the relay", "still here"]
    assert alice.read(lambda tx: contacts.find(tx, bob.name)).verified


def test_p7_an_answer_about_texts_is_for_the_key_that_was_shown(
    changed: tuple[Client, Client], make_client: MakeClient
) -> None:
    alice, bob = changed
    show(alice, bob)
    third = make_client("bob")
    show(alice, third)
    before = alice.dump()
    with pytest.raises(LocalError, match="not the one that was shown"):
        accept(alice, bob)
    assert alice.dump() == before


def test_p7_a_verification_never_carries_over(
    friends: tuple[Client, Client], make_client: MakeClient
) -> None:
    alice, old_bob = friends
    alice.write(lambda tx: contacts.set_verified(tx, old_bob.name))
    before = alice.read(lambda tx: trust.number_to_compare(tx, old_bob.name))
    bob = make_client("bob")
    alice.receive(mail(bob, alice))
    accept(alice, bob)
    assert not alice.read(lambda tx: contacts.find(tx, bob.name)).verified
    assert alice.read(lambda tx: trust.number_to_compare(tx, bob.name)).digits != before.digits


def test_p7_a_bundle_shows_the_change_as_well(changed: tuple[Client, Client]) -> None:
    alice, bob = changed
    bundle = bob.relay.shelves[bob.name].bundle(FetchId(b"f" * 16))
    alice.write(lambda tx: fetching.bundle_arrived(tx, bob.name, bundle, alice.surroundings))
    assert alice.notices(bob)[-1].startswith(CHANGED)
    (session,) = alice.read(sessions.all_sessions)
    assert session.peer_identity == bob.device.identity.public
    assert alice.ready() == []


@pytest.mark.parametrize("writes", [False, True])
def test_p6_p7_a_relay_that_swaps_there_and_back_fills_nothing(
    friends: tuple[Client, Client], make_client: MakeClient, writes: bool
) -> None:
    alice, bob = friends
    honest = bob.relay.shelves[bob.name]
    alice.send(bob, "secret")
    impostor = make_client("bob")
    swapped = bob.relay.shelves[bob.name]
    for round_number in range(5):
        for shelf, who in ((swapped, impostor), (honest, bob)):
            bob.relay.shelves[bob.name] = shelf
            show(alice, who)
            if writes:
                alice.send(bob, f"round {round_number}")
            alice.flush()
    notices = [each for each in alice.notices(bob) if "has changed" in each]
    assert len(notices) == (10 if writes else 1)
    assert writes or "has changed more than once" in notices[0]
    assert len(alice.read(sessions.all_sessions)) <= 1
    assert "secret" not in impostor.texts(alice)
    asked = question(alice, bob)
    assert isinstance(asked, ResendQuestion)
    rows = alice.connection.execute("SELECT count(*) FROM outbox").get
    assert rows == asked.text_count == (10 if writes else 1)


def test_p7_keys_of_a_blocked_contact_change_nothing(changed: tuple[Client, Client]) -> None:
    alice, bob = changed
    expected = pinned(alice, bob)
    alice.write(lambda tx: blocking.block(tx, bob.name, alice.surroundings))
    notices = alice.notices(bob)
    show(alice, bob)
    alice.receive(mail(bob, alice, "hear me"))
    assert (pinned(alice, bob), alice.notices(bob)) == (expected, notices)
    assert question(alice, bob) is None, "what was queued has failed already"
    alice.write(lambda tx: blocking.unblock(tx, bob.name, alice.surroundings))
    show(alice, bob)
    assert alice.notices(bob)[-1].startswith(CHANGED)


def test_what_a_former_device_sent_is_a_visible_gap_and_no_question(
    friends: tuple[Client, Client], make_client: MakeClient
) -> None:
    alice, old_bob = friends
    old_bob.write(lambda tx: sessions.forget_peer(tx, alice.name))
    late = mail(old_bob, alice, "written on the old phone")
    bob = make_client("bob")
    show(alice, bob)
    assert alice.receive(late) == Held(bob.name, None)
    show(alice, bob)
    assert alice.history(bob)[-1].kind is EntryKind.UNREADABLE
    assert question(alice, bob) is None
    assert alice.connection.execute("SELECT count(*) FROM held").get == 0


def test_an_old_session_opens_nothing_after_the_change(
    friends: tuple[Client, Client], make_client: MakeClient
) -> None:
    alice, old_bob = friends
    late = mail(old_bob, alice, "on the session of before")
    show(alice, make_client("bob"))
    assert isinstance(alice.receive(late), Junk)  # the tag is under a key that is hers no more


def test_texts_nobody_answers_about_fail_after_30_days(changed: tuple[Client, Client]) -> None:
    alice, bob = changed
    show(alice, bob)
    alice.relay.clock.now_ms += OUTBOX_LIFE_MS + 1
    alice.hear_clock()
    alice.write(lambda tx: submitting.give_up_expired(tx, alice.surroundings))
    assert alice.read(outbox.count) == 0
    failed = [each for each in alice.history(bob) if each.state is MessageState.FAILED]
    assert [each.failure for each in failed] == [
        "It waited 30 days for an answer about the new key."
    ] * 2
