"""Both begin at once, handshakes are refused, disks are put back: the two end on one session.

Whatever happened, every later message arrives, once, and nobody sees more than a line of it.
"""

from itertools import permutations

import pytest

from client.messaging.housekeeping import tidy
from client.messaging.outcomes import Junk, Received, Unreadable
from client.messaging.sending import queue_undelivered_again
from client.store import sessions
from protocol.e2ee.session import peek_untrusted
from protocol.limits import HYBRID_INTERVAL_MS
from tests.client.messaging.conftest import MakeClient
from tests.client.messaging.envelopes import mail
from tests.client.messaging.faults import copy_of, put_back
from tests.client.messaging.hunting import HOUR_MS
from tests.client.messaging.repairs import gap_lines, lose_sessions, session_in_use
from tests.support.clients import Client, FakeRelay, talk

# --- several sessions ------------------------------------------------------------------


def both_begin(alice: Client, bob: Client) -> None:
    for client, peer in ((alice, bob), (bob, alice)):
        client.send(peer, f"{client.name} 1")
        client.send(peer, f"{client.name} 2")
        client.flush()


@pytest.mark.parametrize("order", list(permutations("aabb"))[::4])
def test_p2_two_who_begin_at_once_lose_nothing_in_any_order(
    alice: Client, bob: Client, order: tuple[str, ...]
) -> None:
    both_begin(alice, bob)
    boxes = {"a": alice.relay.mail.pop(alice.name), "b": bob.relay.mail.pop(bob.name)}
    for whose in order:
        client = alice if whose == "a" else bob
        client.receive(boxes[whose].pop())  # the second first
        client.flush()
    talk(alice, bob)
    agree(alice, bob, ["1", "2"])


def agree(alice: Client, bob: Client, numbers: list[str]) -> None:
    """Both show everything, and send on the same session after a word from each."""
    assert bob.texts(alice) == [f"alice {number}" for number in numbers]
    assert alice.texts(bob) == [f"bob {number}" for number in numbers]
    for client, peer in ((alice, bob), (bob, alice)):
        client.send(peer, "and now")
        talk(alice, bob)
    assert session_in_use(alice, bob) == session_in_use(bob, alice)


def lose_pairs(client: Client) -> None:
    client.connection.execute("DELETE FROM prekeys WHERE kind = 'one-time'")


@pytest.mark.parametrize("refusing", ["alice", "bob", "both"])
@pytest.mark.parametrize("first", ["alice", "bob"])
def test_p2_a_refused_handshake_gives_way_to_the_other_whichever_id_is_lower(
    friends: tuple[Client, Client], refusing: str, first: str
) -> None:
    alice, bob = friends
    for client in (alice, bob):
        lose_sessions(client)
    both_begin(alice, bob)
    for client in (alice, bob):
        if refusing in (client.name, "both"):
            lose_pairs(client)
            client.relay.shelves[client.name].pairs.clear()
    for client in (alice, bob) if first == "alice" else (bob, alice):
        client.receive_all()
        client.come_online()
    talk(alice, bob, rounds=6)
    assert bob.texts(alice)[1:] == ["alice 1", "alice 2"]
    assert alice.texts(bob)[1:] == ["bob 1", "bob 2"]
    for client, peer in ((alice, bob), (bob, alice)):
        client.send(peer, "and now")
        talk(alice, bob)
    assert session_in_use(alice, bob) == session_in_use(bob, alice)


def test_p2_a_pair_handed_out_twice_is_repaired(
    alice: Client, bob: Client, make_client: MakeClient, relay: FakeRelay
) -> None:
    """The relay's disk was put back: Carol gets the pair that Alice has used."""
    carol = make_client("carol")
    bob.send(carol, "so that you are pinned")
    talk(bob, carol)
    lose_sessions(carol)
    pair = relay.shelves[bob.name].pairs[0]
    alice.send(bob, "first")
    alice.flush()
    relay.shelves[bob.name].pairs.insert(0, pair)
    carol.send(bob, "second")
    carol.flush()
    bob.receive_all()
    assert len(gap_lines(bob, carol)) == 1
    talk(bob, carol)
    assert bob.texts(carol) == ["second"]
    assert gap_lines(bob, carol) == []


@pytest.mark.parametrize("alice_is_lower", [True, False])
def test_p2_of_crossed_sessions_the_one_the_peer_refuses_is_left_within_one_round_trip(
    friends: tuple[Client, Client], alice_is_lower: bool
) -> None:
    """Alice prefers her unanswered session if it has the lower id; Bob cannot open it."""
    alice, bob = friends
    for client in friends:
        lose_sessions(client)
    bob.send(alice, "from bob")
    bob.flush()
    alice.send(bob, "opens a session")
    alice.fetch_keys()
    while (session_in_use(alice, bob) < session_in_use(bob, alice)) is not alice_is_lower:
        lose_sessions(alice)
        alice.connection.execute("DELETE FROM sent")  # it would count as encrypted too often
        alice.write(lambda tx: queue_undelivered_again(tx, bob.name, alice.surroundings))
        alice.fetch_keys()
    refused, kept = session_in_use(alice, bob), session_in_use(bob, alice)
    bob.connection.execute(
        "DELETE FROM prekeys WHERE kind IN ('one-time', 'last resort', 'signed')"
    )
    alice.receive_all()
    alice.send(bob, "from alice")
    assert session_in_use(alice, bob) == (refused if alice_is_lower else kept)
    talk(alice, bob, rounds=1)
    talk(bob, alice, rounds=2)
    assert session_in_use(alice, bob) == session_in_use(bob, alice) == kept
    assert bob.texts(alice)[1:] == ["opens a session", "from alice"]
    assert alice.texts(bob)[1:] == ["from bob"]


# --- disks that were put back ----------------------------------------------------------


def some_talk(alice: Client, bob: Client, count: int, name: str) -> None:
    for number in range(count):
        sender, recipient = ((alice, bob), (bob, alice))[number % 2]
        sender.send(recipient, f"{name} {number}")
        talk(alice, bob)


@pytest.mark.parametrize("depth", [1, 2, 3, 7])
@pytest.mark.parametrize("who", ["sender", "recipient"])
def test_p3_after_a_disk_was_put_back_every_later_message_arrives_once(
    friends: tuple[Client, Client], depth: int, who: str
) -> None:
    alice, bob = friends
    client = alice if who == "sender" else bob
    copy = copy_of(client)
    some_talk(alice, bob, depth, "lost with the disk")
    put_back(client, copy)
    client.come_online()
    for number in range(3):
        alice.send(bob, f"alice {number}")
        bob.send(alice, f"bob {number}")
        talk(alice, bob)
    assert bob.texts(alice)[-3:] == ["alice 0", "alice 1", "alice 2"]
    assert alice.texts(bob)[-3:] == ["bob 0", "bob 1", "bob 2"]
    for each, peer in ((alice, bob), (bob, alice)):
        assert len(gap_lines(each, peer)) <= 1
        assert len(set(each.texts(peer))) == len(each.texts(peer))
    bodies: dict[tuple[object, bytes], bytes] = {}
    for place, body in alice.relay.ratchet_messages((alice, bob)):
        assert bodies.setdefault((place, body[:12]), body) == body


def test_p3_a_disk_put_back_to_before_a_kem_key_was_attached_is_repaired(
    friends: tuple[Client, Client], relay: FakeRelay
) -> None:
    """What answers the lost key does not fit the chain that this disk knows."""
    alice, bob = friends
    relay.clock.now_ms += HYBRID_INTERVAL_MS
    for client in friends:
        client.come_online()
    copy, answering = copy_of(bob), mail(alice, bob, "hello")
    while not peek_untrusted(bob.open_seal(answering)).kem.ciphertext:
        bob.receive(answering)
        copy = copy_of(bob)
        some_talk(alice, bob, 2, "now Bob attaches a key")
        answering = mail(alice, bob, "answers it")
    put_back(bob, copy)
    outcome = bob.receive(answering)
    assert isinstance(outcome, Unreadable)
    assert "no key was attached" in outcome.reason
    talk(bob, alice)
    assert bob.texts(alice)[-1] == "answers it"


def test_p3_a_disk_put_back_over_a_rotation_is_noticed_at_the_next_login(
    friends: tuple[Client, Client], relay: FakeRelay
) -> None:
    """The key that Alice seals to is gone: she hears of it, and what was lost comes again."""
    alice, bob = friends
    copy = copy_of(bob)
    relay.clock.now_ms += 3 * 24 * HOUR_MS
    for client in (alice, bob):
        client.come_online()
    some_talk(alice, bob, 2, "on the new keys")
    put_back(bob, copy)
    alice.send(bob, "sealed to a lost key")
    alice.flush()
    (outcome,) = bob.receive_all()
    assert isinstance(outcome, Junk)
    bob.come_online()
    talk(bob, alice)
    assert bob.texts(alice)[-1] == "sealed to a lost key"
    alice.send(bob, "later")
    bob.send(alice, "later too")
    talk(alice, bob)
    assert bob.texts(alice)[-1] == "later"
    assert alice.texts(bob)[-1] == "later too"


def test_p3_a_relay_put_back_is_given_the_present_keys_again(
    friends: tuple[Client, Client], relay: FakeRelay
) -> None:
    alice, bob = friends
    shelf = relay.shelves[bob.name]
    former, pairs = shelf.upload, list(shelf.pairs)
    relay.clock.now_ms += 3 * 24 * HOUR_MS
    bob.come_online()
    shelf.upload, shelf.pairs, shelf.highest_id = former, pairs, 100
    bob.come_online()
    assert shelf.upload is not None
    assert shelf.upload.sealing_key.key_id > 2
    assert len(shelf.pairs) == 100
    alice.hear_clock()
    alice.send(bob, "to the present key")
    talk(alice, bob)
    assert bob.texts(alice)[-1] == "to the present key"


def test_p2_a_sender_who_counts_the_same_numbers_again_makes_no_gap(
    friends: tuple[Client, Client],
) -> None:
    alice, bob = friends
    copy = copy_of(alice)
    for number in range(3):
        alice.send(bob, f"before {number}")
    talk(alice, bob)
    put_back(alice, copy)
    alice.come_online()
    for number in range(5):
        alice.send(bob, f"after {number}")
    talk(alice, bob)
    expected = [f"before {n}" for n in range(3)] + [f"after {n}" for n in range(5)]
    assert bob.texts(alice)[1:] == expected
    assert not any(each.missing_before for each in bob.history(alice))


# --- archived sessions -------------------------------------------------------------------


def test_a_session_that_was_given_up_still_receives(friends: tuple[Client, Client]) -> None:
    alice, bob = friends
    late = mail(alice, bob, "late")
    (session,) = bob.read(sessions.all_sessions)
    bob.write(lambda tx: sessions.give_up(tx, alice.name, session.session_id))
    assert bob.read(lambda tx: sessions.to_send_on(tx, alice.name)) is None
    assert isinstance(bob.receive(late), Received)
    assert bob.read(lambda tx: sessions.to_send_on(tx, alice.name)) is None
    bob.send(alice, "on another one")
    talk(bob, alice)
    assert alice.texts(bob)[-1] == "on another one"
    assert session_in_use(alice, bob) == session_in_use(bob, alice)


@pytest.mark.parametrize(("days", "kept"), [(34, 2), (36, 1)])
def test_an_archived_session_lives_35_days_of_the_relays_time(
    friends: tuple[Client, Client], relay: FakeRelay, days: int, kept: int
) -> None:
    alice, bob = friends
    bob.write(lambda tx: sessions.forget_peer(tx, alice.name))
    bob.send(alice, "anew")
    talk(alice, bob)
    relay.clock.now_ms += days * 24 * HOUR_MS
    alice.hear_clock()
    alice.write(lambda tx: tidy(tx, alice.surroundings))
    assert len(alice.read(sessions.all_sessions)) == kept
