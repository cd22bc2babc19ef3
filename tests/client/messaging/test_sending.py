"""Composing: one transaction, in order, and nothing is encrypted twice."""

from dataclasses import replace

import pytest

from client.errors import LocalError
from client.messaging import fetching, submitting
from client.values import MessageState, OutboxState
from protocol.limits import MAX_TEXT_BYTES, OUTBOX_LIFE_MS, PREKEY_ROTATION_MS
from tests.support.clients import Client, FakeRelay, talk


def states(client: Client, peer: Client) -> list[MessageState]:
    return [each.state for each in client.history(peer) if each.outgoing]


def outbox_states(client: Client) -> list[int]:
    return [state for (state,) in client.connection.execute("SELECT state FROM outbox")]


def test_a_first_message_waits_for_keys_and_later_ones_wait_behind_it(
    alice: Client, bob: Client
) -> None:
    alice.send(bob, "one")
    alice.send(bob, "two")
    assert outbox_states(alice) == [OutboxState.AWAITING_KEYS] * 2
    assert states(alice, bob) == [MessageState.QUEUED] * 2
    alice.fetch_keys()
    assert outbox_states(alice) == [OutboxState.READY] * 2
    alice.flush()
    assert states(alice, bob) == [MessageState.AT_RELAY] * 2
    bob.receive_all()
    assert bob.texts(alice) == ["one", "two"]


def test_with_keys_a_message_is_ready_at_once(friends: tuple[Client, Client]) -> None:
    alice, bob = friends
    alice.send(bob, "now")
    assert outbox_states(alice) == [OutboxState.READY]


def test_the_whole_way_of_a_message(friends: tuple[Client, Client]) -> None:
    alice, bob = friends
    alice.send(bob, "how far?")
    seen = [states(alice, bob)[-1]]
    alice.flush()
    seen.append(states(alice, bob)[-1])
    talk(bob, alice)
    seen.append(states(alice, bob)[-1])
    assert seen == [MessageState.QUEUED, MessageState.AT_RELAY, MessageState.DELIVERED]
    assert outbox_states(alice) == []


def test_a_stale_sealing_key_is_fetched_before_the_next_message(
    friends: tuple[Client, Client], relay: FakeRelay
) -> None:
    alice, bob = friends
    relay.clock.now_ms += PREKEY_ROTATION_MS + 1
    bob.come_online()
    alice.hear_clock()
    alice.send(bob, "late")
    assert outbox_states(alice) == [OutboxState.AWAITING_KEYS]
    assert alice.write(lambda tx: fetching.prepare(tx, alice.surroundings))[0].fetch_id is None
    alice.send(bob, "later")
    talk(alice, bob)
    assert bob.texts(alice)[-2:] == ["late", "later"]


@pytest.mark.parametrize("days", [-1_000, -3, 3, 1_000])
def test_a_wrong_local_clock_costs_no_message_and_no_endless_fetching(
    friends: tuple[Client, Client], relay: FakeRelay, days: int
) -> None:
    """Set wrong, and set right again later."""
    alice, bob = friends
    right = alice.surroundings
    skew_ms = days * 24 * 3_600_000
    for number, now_ms in enumerate((lambda: relay.clock.now_ms + skew_ms, right.now_ms)):
        alice.surroundings = replace(right, now_ms=now_ms)
        bob.send(alice, f"wants a receipt {number}")
        alice.send(bob, f"message {number}")
        talk(bob, alice)
        assert states(bob, alice)[-1] is MessageState.DELIVERED
        assert bob.texts(alice)[-1] == f"message {number}"
        assert alice.write(lambda tx: fetching.prepare(tx, alice.surroundings)) == []


def test_a_bundle_is_asked_for_under_the_same_id_until_it_comes(alice: Client, bob: Client) -> None:
    alice.send(bob, "hi")

    def prepare() -> list[fetching.KeysWanted]:
        return alice.write(lambda tx: fetching.prepare(tx, alice.surroundings))

    (first,) = prepare()
    assert first.fetch_id is not None
    assert prepare() == [first]
    alice.reopen()
    assert prepare() == [first]
    alice.fetch_keys()
    assert prepare() == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("x" * (MAX_TEXT_BYTES + 1), "65,537 bytes"),
        ("ä" * (MAX_TEXT_BYTES // 2 + 1), "65,538 bytes"),
        ("half \ud800", "half of a character"),
    ],
)
def test_p5_what_cannot_be_sent_is_said_and_changes_nothing(
    friends: tuple[Client, Client], text: str, sentence: str
) -> None:
    alice, bob = friends
    before = alice.dump()
    with pytest.raises(LocalError, match=sentence) as caught:
        alice.send(bob, text)
    assert caught.value.hint
    assert alice.dump() == before


def test_p5_a_message_to_oneself_is_refused(alice: Client) -> None:
    before = alice.dump()
    with pytest.raises(LocalError, match="yourself"):
        alice.send(alice, "note to self")
    assert alice.dump() == before


def test_the_longest_text_arrives_whole(friends: tuple[Client, Client]) -> None:
    alice, bob = friends
    text = "ü" * (MAX_TEXT_BYTES // 2)
    alice.send(bob, text)
    talk(alice, bob)
    assert bob.texts(alice)[-1] == text


def test_accepting_twice_is_accepting_once(friends: tuple[Client, Client]) -> None:
    """Two processes flush the same row."""
    alice, bob = friends
    alice.send(bob, "twice")
    (item,) = alice.ready()
    alice.submit(item)
    before = alice.dump()
    alice.submit(item)
    assert alice.dump() == before
    bob.receive_all()
    assert bob.texts(alice)[-1] == "twice"


def test_a_receipt_that_overtakes_the_relays_answer_ends_the_row(
    friends: tuple[Client, Client], relay: FakeRelay
) -> None:
    alice, bob = friends
    alice.send(bob, "answer lost")
    (item,) = alice.ready()
    relay.submit(alice.sender, item)
    bob.receive_all()
    bob.flush()
    alice.receive_all()
    assert states(alice, bob)[-1] is MessageState.DELIVERED
    assert alice.ready() == []
    alice.send(bob, "later")
    talk(alice, bob)
    assert alice.texts(bob, outgoing=True)[-2:] == ["answer lost", "later"]


def test_what_the_relay_refuses_for_good_fails_with_its_reason(alice: Client, bob: Client) -> None:
    alice.send(bob, "into the void")
    alice.write(
        lambda tx: submitting.give_up_waiting(tx, bob.name, "There is no account named bob.")
    )
    (entry,) = alice.history(bob)
    assert entry.state is MessageState.FAILED
    assert entry.failure == "There is no account named bob."
    assert outbox_states(alice) == []


def test_a_failed_message_keeps_its_place(friends: tuple[Client, Client]) -> None:
    alice, bob = friends
    alice.send(bob, "fails")
    (item,) = alice.ready()
    alice.write(lambda tx: submitting.give_up(tx, item.row_id, "No."))
    bob.send(alice, "after")
    talk(alice, bob)
    assert [each.text for each in alice.history(bob)][-2:] == ["fails", "after"]


def test_the_outbox_gives_up_only_when_both_clocks_say_so(
    friends: tuple[Client, Client], relay: FakeRelay
) -> None:
    alice, bob = friends
    alice.send(bob, "old")
    local_jump = relay.clock.now_ms + OUTBOX_LIFE_MS + 1
    relay.clock.now_ms = local_jump
    assert alice.write(lambda tx: submitting.give_up_expired(tx, alice.surroundings)) == []
    alice.hear_clock()
    assert alice.write(lambda tx: submitting.give_up_expired(tx, alice.surroundings)) == [bob.name]
    assert states(alice, bob)[-1] is MessageState.FAILED
    assert "30 days" in alice.history(bob)[-1].failure


def test_a_text_queued_under_a_clock_that_was_behind_is_as_young_as_it_is(
    friends: tuple[Client, Client], relay: FakeRelay
) -> None:
    alice, bob = friends
    right_ms = relay.clock.now_ms
    relay.clock.now_ms = 0  # Alice's own clock, before the network has set it
    alice.send(bob, "written in 1970")
    relay.clock.now_ms = right_ms
    alice.hear_clock()
    assert alice.write(lambda tx: submitting.give_up_expired(tx, alice.surroundings)) == []
