"""P6: a contact of Bob's, Mallory, may seal what she likes in Alice's name, and reaches nothing.

She has Bob's delivery token and sealing key, so her envelopes come without a
name, and the relay contradicts nothing.
"""

import random
from dataclasses import replace

import pytest

from client.messaging.outcomes import Held, Junk, Outcome, Unreadable
from client.store import contacts, gaps, held, sessions
from client.store.held import MAX_HELD_OF_PEER
from client.values import EntryKind
from protocol.e2ee.sealed_payload import SealedPayload
from protocol.ids import MessageId
from protocol.limits import MAX_RETRIES_PER_HOUR
from protocol.records import Sender
from tests.client.messaging.conftest import MakeClient
from tests.client.messaging.envelopes import (
    in_the_name_of,
    payload_of,
    said_by,
    sealed_anew,
)
from tests.support.clients import Client, talk

HOUR_MS = 3_600_000
PLAIN_MESSAGE_BYTES = 150


@pytest.fixture
def people(
    friends: tuple[Client, Client], make_client: MakeClient
) -> tuple[Client, Client, Client]:
    """Alice, whom Bob has verified; Bob; and Mallory, a contact of his."""
    alice, bob = friends
    mallory = make_client("mallory")
    mallory.send(bob, "hello")
    talk(mallory, bob)
    bob.write(lambda tx: contacts.set_verified(tx, alice.name))
    return alice, bob, mallory


def noise(rng: random.Random) -> bytes:
    """Give what parses as a ratchet message of a session that nobody has."""
    return b"\x01\x00" + rng.randbytes(48) + bytes(8) + rng.randbytes(PLAIN_MESSAGE_BYTES - 58)


def own_first_message(forger: Client, bob: Client) -> SealedPayload:
    """Let somebody begin another session with Bob; give what would be sealed to him."""
    forger.write(lambda tx: sessions.forget_peer(tx, bob.name))
    forger.send(bob, "a first message")
    forger.fetch_keys()
    query = "SELECT message_id FROM outbox ORDER BY row_id DESC LIMIT 1"
    return payload_of(forger, MessageId(forger.connection.execute(query).get))


def refused(bob: Client, payload: SealedPayload, vouched: Sender | None = None) -> Outcome:
    """Let Bob receive it; nothing at all may have changed."""
    before = bob.dump()
    outcome = bob.receive(sealed_anew(bob, payload, vouched))
    assert isinstance(outcome, Junk), outcome
    assert bob.dump() == before
    return outcome


def test_p6_noise_in_a_contacts_name_changes_nothing(
    people: tuple[Client, Client, Client], rng: random.Random
) -> None:
    alice, bob, mallory = people
    for _ in range(2):
        for _ in range(MAX_RETRIES_PER_HOUR + 2):
            forged = in_the_name_of(alice, bob, mallory, noise(rng))
            refused(bob, forged)
            refused(bob, replace(forged, tag=rng.randbytes(16)))
        assert bob.flush() == []
        bob.relay.clock.now_ms += HOUR_MS + 1
        bob.hear_clock()
    assert EntryKind.UNREADABLE not in {entry.kind for entry in bob.history(alice)}


def test_p6_forged_noise_keeps_no_lost_message_from_being_repaired(
    people: tuple[Client, Client, Client], rng: random.Random
) -> None:
    alice, bob, mallory = people
    for _ in range(MAX_RETRIES_PER_HOUR + 2):
        bob.receive(sealed_anew(bob, in_the_name_of(alice, bob, mallory, noise(rng))))
        bob.flush()
    alice.send(bob, "genuine")
    alice.flush()
    bob.connection.execute("DELETE FROM sessions")
    talk(alice, bob)
    assert bob.texts(alice)[-1] == "genuine"


def test_p6_a_true_message_under_another_tag_is_not_touched(
    people: tuple[Client, Client, Client],
) -> None:
    """Whoever saw a message inside its seal (from Alice's disk) has not her key yet."""
    alice, bob, mallory = people
    message_id = alice.send(bob, "still opens")
    true = payload_of(alice, message_id)
    refused(bob, in_the_name_of(alice, bob, mallory, true.body))
    refused(bob, replace(true, tag=bytes(16)))
    talk(alice, bob)
    assert bob.texts(alice)[-1] == "still opens"


def test_p6_a_handshake_of_ones_own_leaves_no_gap_on_a_session_of_somebody_else(
    people: tuple[Client, Client, Client],
) -> None:
    """The tag is right under the identity in the handshake; the session named is Alice's."""
    alice, bob, mallory = people
    (session,) = alice.read(sessions.all_sessions)
    body = own_first_message(mallory, bob).body
    mixed = body[:2] + session.session_id + body[18:]
    refused(bob, in_the_name_of(alice, bob, mallory, mixed))
    as_if_logged_in = Sender(alice.name, 1, mallory.device.identity.public)
    outcome = bob.receive(
        sealed_anew(bob, in_the_name_of(alice, bob, mallory, mixed), as_if_logged_in)
    )
    assert isinstance(outcome, Unreadable)  # a relay that lies gets a line, and nothing more
    assert bob.read(lambda tx: sessions.to_send_on(tx, alice.name)) is not None
    assert bob.flush() == []


def test_p6_another_identity_in_a_handshake_is_held_under_its_own_tag_only(
    people: tuple[Client, Client, Client], make_client: MakeClient
) -> None:
    alice, bob, mallory = people
    carol = make_client("carol")
    body = own_first_message(mallory, bob).body
    refused(bob, in_the_name_of(alice, bob, carol, body))
    refused(bob, said_by(alice, bob, body))
    assert bob.read(held.peers) == []
    forged = in_the_name_of(alice, bob, mallory, body)
    assert bob.receive(sealed_anew(bob, forged)) == Held(alice.name, None)


def test_p6_the_relays_word_is_no_identity_to_check_under(
    people: tuple[Client, Client, Client], rng: random.Random
) -> None:
    alice, bob, mallory = people
    says = Sender(alice.name, 1, mallory.device.identity.public)
    refused(bob, in_the_name_of(alice, bob, mallory, noise(rng)), says)


def test_a_message_that_is_not_understood_is_a_gap_under_the_right_tag(
    people: tuple[Client, Client, Client],
) -> None:
    """A newer Alice may write what this Bob cannot even parse: he sees that there is something."""
    alice, bob, mallory = people
    newer = b"\x02 a ratchet message of another version"
    refused(bob, in_the_name_of(alice, bob, mallory, newer))
    assert isinstance(bob.receive(sealed_anew(bob, said_by(alice, bob, newer))), Unreadable)
    assert bob.read(lambda tx: gaps.peers_due(tx, bob.relay.clock.now_ms)) == []


def test_under_another_identity_nothing_is_asked_for(
    people: tuple[Client, Client, Client], make_client: MakeClient, rng: random.Random
) -> None:
    """More than is held: a line if the relay saw that device, which it then is not asked for."""
    alice, bob, _ = people
    device = make_client("alice")
    payload = own_first_message(device, bob)
    for _ in range(MAX_HELD_OF_PEER):
        assert isinstance(bob.receive(sealed_anew(bob, payload)), Held)
    refused(bob, payload)
    assert isinstance(bob.receive(sealed_anew(bob, payload, device.sender)), Unreadable)
    assert bob.read(lambda tx: gaps.peers_due(tx, bob.relay.clock.now_ms)) == []
    assert bob.read(lambda tx: sessions.to_send_on(tx, alice.name)) is not None
