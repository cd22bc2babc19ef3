"""Messages that did not open are asked for, and come again: what each side does, and what not."""

from client.messaging import prekey_doubts
from client.messaging.outcomes import Asked, Duplicate, Junk, Received, Unreadable
from client.store import sessions
from client.values import MessageState
from protocol.limits import MAX_RETRIES_PER_HOUR, MAX_RETRY_REQUESTS
from tests.client.messaging.conftest import MakeClient
from tests.client.messaging.envelopes import mail, payload_of, said_by, sealed_anew, under_new_id
from tests.client.messaging.hunting import HOUR_MS
from tests.client.messaging.repairs import gap_lines, lines, lose_sessions, session_in_use
from tests.support.clients import Client, FakeRelay, talk


def requests_sent(client: Client) -> int:
    count: int = client.connection.execute("SELECT count(*) FROM retry_requests").get
    return count


# --- one round trip ----------------------------------------------------------------


def test_p2_what_did_not_open_comes_again_within_one_round_trip(
    friends: tuple[Client, Client],
) -> None:
    alice, bob = friends
    alice.send(bob, "before")
    alice.send(bob, "behind it")
    alice.flush()
    lose_sessions(bob)
    assert [type(each) for each in bob.receive_all()] == [Unreadable, Unreadable]
    assert gap_lines(bob, alice) == ["2 messages in the name of alice could not be opened."]
    bob.flush()
    assert alice.receive_all().count(Asked(bob.name)) == 2
    alice.flush()
    assert [type(each) for each in bob.receive_all()] == [Received, Received]
    assert bob.texts(alice)[-2:] == ["before", "behind it"]
    assert gap_lines(bob, alice) == []
    assert [each.repaired for each in lines(bob, alice)] == [False, False, True, True]
    assert session_in_use(alice, bob) == session_in_use(bob, alice)
    talk(alice, bob)
    assert {each.state for each in alice.history(bob) if each.outgoing} == {MessageState.DELIVERED}
    assert alice.connection.execute("SELECT count(*) FROM sent").get == 0


def test_the_message_stands_where_the_gap_was(friends: tuple[Client, Client]) -> None:
    alice, bob = friends
    lost = mail(alice, bob, "lost")
    session = bob.read(sessions.all_sessions)[0]
    lose_sessions(bob)
    bob.receive(lost)
    bob.write(lambda tx: sessions.add(tx, session, lost.arrival_ms))
    bob.receive(mail(alice, bob, "after it"))
    talk(bob, alice)
    assert bob.texts(alice)[-2:] == ["lost", "after it"]


def test_a_resent_message_has_its_id_counter_and_time(friends: tuple[Client, Client]) -> None:
    alice, bob = friends
    alice.send(bob, "the same")
    alice.flush()
    lose_sessions(bob)
    talk(bob, alice)
    ours, theirs = alice.history(bob)[-1], bob.history(alice)[-1]
    assert (ours.message_id, ours.counter, ours.sent_at_ms) == (
        theirs.message_id,
        theirs.counter,
        theirs.sent_at_ms,
    )


def test_p2_an_answer_that_does_not_open_is_still_one_message_and_one_line(
    friends: tuple[Client, Client],
) -> None:
    alice, bob = friends
    ask_for(bob, alice, "lost twice")
    alice.receive_all()
    alice.flush()
    lose_sessions(bob)
    assert [type(each) for each in bob.receive_all()] == [Unreadable]
    assert bob.connection.execute("SELECT count(*) FROM gaps").get == 2
    (line,) = gap_lines(bob, alice)
    assert line.startswith("A message in the name of alice could not be opened")
    alice.send(bob, "after it")
    talk(bob, alice)
    assert bob.texts(alice)[-2:] == ["lost twice", "after it"]
    assert gap_lines(bob, alice) == []


def test_p2_an_answer_that_waits_while_the_keys_are_made_anew_fills_its_gap(
    friends: tuple[Client, Client],
) -> None:
    """Whatever has no receipt is queued again then; the answer is queued already."""
    alice, bob = friends
    ask_for(bob, alice, "lost")
    alice.receive_all()
    bob.write(prekey_doubts.doubt)
    bob.come_online()
    talk(alice, bob)
    assert bob.texts(alice)[1:] == ["lost"]
    assert gap_lines(bob, alice) == []


def test_an_unanswered_request_leaves_the_gap_visible(friends: tuple[Client, Client]) -> None:
    """A receipt did not open: nobody sends it again, and nothing else is harmed."""
    alice, bob = friends
    bob.receive(mail(alice, bob, "hello?"))
    bob.flush()
    lose_sessions(alice)
    talk(alice, bob)
    assert len(gap_lines(alice, bob)) == 1
    bob.send(alice, "still here")
    talk(alice, bob)
    assert alice.texts(bob)[-1] == "still here"
    assert len(gap_lines(alice, bob)) == 1


# --- what the asked side honours -----------------------------------------------------


def ask_for(bob: Client, alice: Client, text: str) -> None:
    """Let Bob lose a message of Alice's, and his request be on its way."""
    alice.send(bob, text)
    alice.flush()
    lose_sessions(bob)
    bob.receive_all()
    bob.flush()


def test_what_was_receipted_is_not_sent_again(friends: tuple[Client, Client]) -> None:
    alice, bob = friends
    ask_for(bob, alice, "here by other means")
    message_id = alice.history(bob)[-1].message_id
    alice.connection.execute(
        "UPDATE history SET state = ? WHERE message_id = ?", (MessageState.DELIVERED, message_id)
    )
    assert Asked(bob.name) in alice.receive_all()
    assert [each.message_id for each in alice.ready()].count(message_id) == 0


def test_what_was_deleted_is_not_sent_again(friends: tuple[Client, Client]) -> None:
    alice, bob = friends
    ask_for(bob, alice, "regretted")
    alice.connection.execute("DELETE FROM history WHERE text = 'regretted'")
    talk(alice, bob)
    assert "regretted" not in bob.texts(alice)


def test_p7_only_the_identity_it_was_encrypted_to_gets_it(friends: tuple[Client, Client]) -> None:
    alice, bob = friends
    ask_for(bob, alice, "for the old device")
    alice.connection.execute("UPDATE sent SET identity = zeroblob(32)")
    talk(alice, bob)
    assert "for the old device" not in bob.texts(alice)
    assert len(gap_lines(bob, alice)) == 1


def test_p7_a_third_party_cannot_ask_for_anything(
    friends: tuple[Client, Client], make_client: MakeClient
) -> None:
    """Carol knows the digest of a message to Bob, and asks for it in her own name."""
    alice, bob = friends
    carol = make_client("carol")
    carol.send(alice, "hello")
    talk(carol, alice)
    alice.send(bob, "for bob")
    alice.flush()
    digest = alice.connection.execute("SELECT digest FROM sent").get
    alice.connection.execute("UPDATE sent SET peer = 'bob'")
    lose_sessions(carol)
    carol.receive(mail(alice, carol, "bait"))
    carol.connection.execute("UPDATE gaps SET request = ?", (_naming(carol, digest),))
    carol.flush()
    assert Asked(carol.name) in alice.receive_all()
    assert [each.to.name for each in alice.ready()] == []


def _naming(client: Client, digest: bytes) -> bytes:
    packed: bytes = client.connection.execute("SELECT request FROM gaps").get
    return packed[:-32] + digest


# --- bounds ------------------------------------------------------------------------


def test_p6_at_most_ten_requests_an_hour_and_the_rest_later(
    friends: tuple[Client, Client], relay: FakeRelay
) -> None:
    alice, bob = friends
    for number in range(25):
        alice.send(bob, str(number))
    alice.flush()
    lose_sessions(bob)
    for expected in (MAX_RETRIES_PER_HOUR, 2 * MAX_RETRIES_PER_HOUR, 25):
        talk(bob, alice)
        assert len(bob.texts(alice)) - 1 == expected
        relay.clock.now_ms += HOUR_MS + 1
        for client in (alice, bob):
            client.come_online()
    assert bob.texts(alice)[1:] == [str(number) for number in range(25)]
    assert gap_lines(bob, alice) == []


def test_p6_a_message_is_encrypted_anew_three_times_at_most(
    friends: tuple[Client, Client], relay: FakeRelay
) -> None:
    """Bob forgets, after each answer, that he has it: a faulty peer."""
    alice, bob = friends
    alice.send(bob, "never opens")
    for _ in range(2 * MAX_RETRY_REQUESTS):
        alice.flush()
        lose_sessions(bob)
        bob.receive_all()
        bob.flush()
        alice.receive_all()
        relay.clock.now_ms += HOUR_MS + 1
        alice.hear_clock()
    assert alice.connection.execute("SELECT sum(again) FROM sent").get == MAX_RETRY_REQUESTS


def test_p6_damaged_messages_of_a_contact_are_one_line_and_ten_requests(
    friends: tuple[Client, Client],
) -> None:
    """Alice herself, and nobody else, may seal noise in her name."""
    alice, bob = friends
    true = payload_of(alice, alice.send(bob, "true"))
    for number in range(40):
        body = bytearray(true.body)
        body[20 + number % 8] ^= 1 + number
        damaged = said_by(alice, bob, bytes(body))
        assert isinstance(bob.receive(sealed_anew(bob, damaged)), Unreadable)
        bob.flush()
    assert len(gap_lines(bob, alice)) == 1
    assert requests_sent(bob) == MAX_RETRIES_PER_HOUR
    talk(alice, bob)
    assert bob.texts(alice)[-1] == "true"


def test_nothing_unknown_is_asked_for(alice: Client, bob: Client) -> None:
    """Before a first contact nobody is asked: the envelope names nobody we know."""
    first = mail(alice, bob)
    bob.connection.execute("DELETE FROM prekeys WHERE kind = 'signed'")
    assert isinstance(bob.receive(first), Junk)
    assert bob.flush() == []


def test_a_request_is_no_text_and_owes_no_receipt(friends: tuple[Client, Client]) -> None:
    alice, bob = friends
    ask_for(bob, alice, "lost")
    before = lines(alice, bob)
    alice.receive_all()
    assert lines(alice, bob) == before
    assert alice.connection.execute("SELECT count(*) FROM receipts_due").get == 0


def test_a_repeated_request_is_answered_once(friends: tuple[Client, Client]) -> None:
    alice, bob = friends
    ask_for(bob, alice, "lost")
    request = alice.relay.mail[alice.name][-1]
    alice.receive_all()
    assert alice.receive(under_new_id(request)) == Duplicate()
    alice.flush()
    assert alice.connection.execute("SELECT sum(again) FROM sent").get == 1
