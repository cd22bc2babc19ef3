"""Receiving: every outcome, and what each leaves in the store."""

from dataclasses import replace

from client.messaging.outcomes import Duplicate, Junk, Receipted, Received, Unreadable
from client.store import contacts, handshakes, prekeys, sessions
from client.store.prekeys import PrekeyKind
from client.values import EntryKind
from protocol.e2ee.content import Content, Unknown
from protocol.ids import Name
from protocol.packing import pack_value
from protocol.records import Sender
from tests.client.messaging.conftest import MakeClient
from tests.client.messaging.envelopes import (
    mail,
    payload_of,
    said_by,
    sealed_anew,
    speak,
    under_new_id,
)
from tests.support.clients import Client, FakeRelay, talk


def test_p2_a_redelivered_envelope_is_a_duplicate_and_changes_nothing(
    friends: tuple[Client, Client],
) -> None:
    alice, bob = friends
    delivery = mail(alice, bob)
    assert isinstance(bob.receive(delivery), Received)
    before = bob.dump()
    other = replace(mail(alice, bob, "under a used id"), envelope_id=delivery.envelope_id)
    for again in (delivery, replace(delivery, sequence=99), under_new_id(delivery), other):
        assert bob.receive(again) == Duplicate()
        assert bob.dump() == before
    assert bob.texts(alice)[-1] == "news"


def test_p2_a_message_sealed_anew_by_anybody_is_a_duplicate(
    friends: tuple[Client, Client],
) -> None:
    alice, bob = friends
    message_id = alice.send(bob, "once")
    alice.flush()
    bob.receive_all()
    before = bob.dump()
    assert bob.receive(sealed_anew(bob, payload_of(alice, message_id))) == Duplicate()
    assert bob.dump() == before


def test_p2_messages_out_of_order_are_shown_in_order(friends: tuple[Client, Client]) -> None:
    alice, bob = friends
    deliveries = [mail(alice, bob, str(number)) for number in range(6)]
    for index in (5, 0, 3, 1, 4, 2):
        assert isinstance(bob.receive(deliveries[index]), Received)
    assert bob.texts(alice)[1:] == [str(number) for number in range(6)]


def test_a_gap_shows_until_it_is_filled(friends: tuple[Client, Client]) -> None:
    alice, bob = friends
    deliveries = [mail(alice, bob, str(number)) for number in range(4)]
    bob.receive(deliveries[3])
    assert bob.history(alice)[-1].missing_before == 3
    bob.receive(deliveries[1])
    assert [each.missing_before for each in bob.history(alice)[-2:]] == [1, 1]


def test_a_first_contact_needs_the_relays_word(alice: Client, bob: Client) -> None:
    first = mail(alice, bob)
    before = bob.dump()
    mallory = Sender(Name("mallory"), 1, alice.device.identity.public)
    other_key = Sender(alice.name, 1, bytes(32))
    other_device = Sender(alice.name, 2, alice.device.identity.public)
    for vouched in (None, mallory, other_key, other_device):
        outcome = bob.receive(replace(first, vouched=vouched))
        assert isinstance(outcome, Junk)
        assert bob.dump() == before
    assert isinstance(bob.receive(first), Received)
    pin = bob.read(lambda tx: contacts.find(tx, alice.name))
    assert pin.identity == alice.device.identity.public


def test_an_established_session_needs_nobodys_word(friends: tuple[Client, Client]) -> None:
    alice, bob = friends
    delivery = replace(mail(alice, bob), vouched=None)
    assert isinstance(bob.receive(delivery), Received)


def test_a_one_time_pair_dies_with_the_first_message(alice: Client, bob: Client) -> None:
    def pairs() -> int:
        return bob.read(lambda tx: prekeys.count(tx, PrekeyKind.ONE_TIME))

    first, second = mail(alice, bob), mail(alice, bob)
    before = pairs()
    bob.receive(second)
    assert pairs() == before - 1
    assert isinstance(bob.receive(first), Received)
    assert pairs() == before - 1


def test_a_replayed_handshake_opens_nothing(alice: Client, bob: Client, relay: FakeRelay) -> None:
    """Without one-time pairs the prekeys are still there: only the memory of it stops it."""
    relay.shelves[bob.name].pairs.clear()
    first, second = mail(alice, bob, "one"), mail(alice, bob, "two")
    assert isinstance(bob.receive(first), Received)
    bob.write(lambda tx: sessions.forget_peer(tx, alice.name))
    before = bob.dump()
    assert bob.receive(under_new_id(first)) == Duplicate()
    assert bob.dump() == before
    outcome = bob.receive(second)
    assert isinstance(outcome, Unreadable)
    assert "accepted before" in outcome.reason
    assert bob.read(sessions.all_sessions) == []
    assert bob.texts(alice) == ["one"]


def test_without_the_memory_the_replay_would_open(
    alice: Client, bob: Client, relay: FakeRelay
) -> None:
    """The test above can fail."""
    relay.shelves[bob.name].pairs.clear()
    first, second = mail(alice, bob, "one"), mail(alice, bob, "two")
    bob.receive(first)
    bob.write(lambda tx: sessions.forget_peer(tx, alice.name))
    bob.write(lambda tx: handshakes.forget(tx, 1))
    assert isinstance(bob.receive(second), Received)


def test_a_session_of_another_peer_is_not_touched(
    friends: tuple[Client, Client], make_client: MakeClient
) -> None:
    """Carol, a contact of Bob's, puts Alice's ratchet message into her own envelope."""
    alice, bob = friends
    carol = make_client("carol")
    carol.send(bob, "hello")
    talk(carol, bob)
    message_id = alice.send(bob, "for bob only")
    stolen = payload_of(alice, message_id)
    session = [each for each in bob.read(sessions.all_sessions) if each.peer.name == alice.name]
    as_carol = said_by(carol, bob, stolen.body)
    outcome = bob.receive(sealed_anew(bob, as_carol, vouched=carol.sender))
    assert isinstance(outcome, Unreadable)
    assert outcome.peer == carol.name
    assert session == [
        each for each in bob.read(sessions.all_sessions) if each.peer.name == alice.name
    ]
    assert "for bob only" not in bob.texts(carol)


def test_a_gap_is_one_visible_line_and_the_session_stays(
    friends: tuple[Client, Client],
) -> None:
    alice, bob = friends
    message_id = alice.send(bob, "breaks")
    payload = payload_of(alice, message_id)
    broken = said_by(alice, bob, payload.body[:-1] + bytes([payload.body[-1] ^ 1]))
    session = bob.read(sessions.all_sessions)
    delivery = sealed_anew(bob, broken)
    outcome = bob.receive(delivery)
    assert isinstance(outcome, Unreadable)
    last = bob.history(alice)[-1]
    assert (last.row_id, last.kind) == (outcome.row_id, EntryKind.UNREADABLE)
    assert "could not be opened" in last.text
    assert bob.read(sessions.all_sessions) == session
    assert bob.receive(delivery) == Duplicate()
    assert bob.receive(sealed_anew(bob, broken)) == Duplicate()
    alice.flush()
    bob.receive_all()
    assert bob.texts(alice)[-1] == "breaks"


def test_a_newer_kind_is_kept_whole_and_receipted(friends: tuple[Client, Client]) -> None:
    alice, bob = friends
    raw = pack_value([1, 9, b"m" * 16, 2, 0, ["a poll", ["yes", "no"]]])
    delivery = speak(alice, bob, raw)
    assert isinstance(bob.receive(delivery), Received)
    last = bob.history(alice)[-1]
    assert (last.kind, last.text, last.counter) == (EntryKind.UNSUPPORTED, "", 2)
    stored = bob.connection.execute("SELECT raw FROM history WHERE raw IS NOT NULL").get
    assert stored == raw
    assert Content(last.message_id, 2, 0, Unknown(1, 9, raw)).body == Unknown(1, 9, stored)
    bob.flush()
    assert Receipted(bob.name, ()) in alice.receive_all()


def test_malformed_content_of_a_contact_is_a_gap(friends: tuple[Client, Client]) -> None:
    alice, bob = friends
    for content in (b"", b"\xc0", pack_value([1, 1, b"m" * 16, 0, 0, ["not counted"]])):
        assert isinstance(bob.receive(speak(alice, bob, content)), Unreadable)
    talk(alice, bob)
    alice.send(bob, "still here")
    talk(alice, bob)
    assert bob.texts(alice)[-1] == "still here"


def test_a_message_id_is_shown_once_and_receipted_again(
    friends: tuple[Client, Client],
) -> None:
    alice, bob = friends
    raw = pack_value([1, 1, b"m" * 16, 2, 0, ["twice"]])
    first, again = speak(alice, bob, raw), speak(alice, bob, raw)
    assert isinstance(bob.receive(first), Received)
    bob.flush()
    assert bob.receive(again) == Duplicate()
    assert bob.texts(alice).count("twice") == 1
    assert len(bob.flush()) == 1


def test_a_peer_cannot_mark_messages_to_somebody_else(
    friends: tuple[Client, Client], make_client: MakeClient
) -> None:
    alice, bob = friends
    carol = make_client("carol")
    carol.send(bob, "hello")
    talk(carol, bob)
    to_carol = bob.send(carol, "for carol")
    raw = pack_value([1, 2, b"m" * 16, 0, 0, [1, [to_carol]]])
    assert bob.receive(speak(alice, bob, raw)) == Receipted(alice.name, ())
    assert bob.history(carol)[-1].state.name == "QUEUED"


def test_numbers_beyond_the_database_are_cut_not_refused(
    friends: tuple[Client, Client],
) -> None:
    alice, bob = friends
    most = (1 << 64) - 1
    raw = pack_value([1, 1, b"m" * 16, most, most, ["from the far future"]])
    delivery = replace(speak(alice, bob, raw), arrival_ms=most, sequence=most)
    assert isinstance(bob.receive(delivery), Received)
    assert bob.texts(alice)[-1] == "from the far future"


def test_two_first_messages_at_once_end_on_one_session(alice: Client, bob: Client) -> None:
    alice.send(bob, "me first")
    bob.send(alice, "no, me")
    talk(alice, bob)
    for number in range(4):
        (alice, bob)[number % 2].send((bob, alice)[number % 2], str(number))
        talk(alice, bob)
    chosen = {
        session.session_id
        for client, peer in ((alice, bob), (bob, alice))
        if (session := client.read(lambda tx, peer=peer: sessions.to_send_on(tx, peer.name)))  # type: ignore[misc]
    }
    assert len(chosen) == 1
    assert bob.texts(alice) == ["me first", "0", "2"]
    assert alice.texts(bob) == ["no, me", "1", "3"]


def test_old_sessions_beyond_five_go(friends: tuple[Client, Client], relay: FakeRelay) -> None:
    """A peer that begins anew again and again costs no more than six sessions."""
    alice, bob = friends
    for number in range(10):
        alice.write(lambda tx: sessions.forget_peer(tx, bob.name))
        alice.send(bob, str(number))
        alice.flush()
        bob.receive_all()
    assert len(bob.read(sessions.all_sessions)) == 6
    assert bob.texts(alice)[1:] == [str(number) for number in range(10)]
    assert len(relay.shelves[bob.name].handed_out) == 11


def test_the_first_contact_stands_before_mail_that_waited_for_long(
    alice: Client, bob: Client
) -> None:
    alice.send(bob, "are you there?")
    alice.flush()
    bob.relay.clock.now_ms += 3_600_000
    bob.come_online()
    bob.receive_all()
    assert [each.kind for each in bob.history(alice)] == [EntryKind.NOTICE, EntryKind.TEXT]
