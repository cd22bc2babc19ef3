"""Every way in which a relay can show a verified contact's name with another key.

Whatever the way: a question, a line that says so, nothing sent, nothing opened.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from client.messaging import blocking
from client.store import contacts, peer_keys, sessions
from client.values import MessageState
from protocol.limits import PREKEY_ROTATION_MS
from tests.client.messaging.conftest import MakeClient
from tests.client.messaging.envelopes import mail
from tests.support.clients import Client, talk

Way = Callable[[Client, Client], None]


def first_bundle(alice: Client, impostor: Client) -> None:
    """The pin is there, a session is not: as after somebody else's first message was lost."""
    alice.write(lambda tx: sessions.forget_peer(tx, impostor.name))


def refreshed_sealing_key(alice: Client, impostor: Client) -> None:
    """The key is too old for another message."""
    del impostor
    alice.relay.clock.now_ms += PREKEY_ROTATION_MS + 1


def lost_sealing_key(alice: Client, impostor: Client) -> None:
    alice.write(lambda tx: peer_keys.forget(tx, impostor.name))


def envelope(alice: Client, impostor: Client) -> None:
    """The relay says that it saw the device log in."""
    alice.receive(mail(impostor, alice, "trust me"))


def unvouched_envelope(alice: Client, impostor: Client) -> None:
    """The header of the handshake names the other identity, and the directory agrees."""
    alice.receive(replace(mail(impostor, alice, "trust me"), vouched=None))
    alice.fetch_keys()


def retry(alice: Client, impostor: Client) -> None:
    """The only session is given up, as after a retry request: a fresh one needs a bundle."""
    (session,) = alice.read(sessions.all_sessions)
    alice.write(lambda tx: sessions.give_up(tx, impostor.name, session.session_id))


def around_a_block(alice: Client, impostor: Client) -> None:
    """The answer of the directory comes while the contact is blocked, and again after that."""
    alice.write(lambda tx: blocking.block(tx, impostor.name, alice.surroundings))
    envelope(alice, impostor)
    alice.write(lambda tx: blocking.unblock(tx, impostor.name, alice.surroundings))
    refreshed_sealing_key(alice, impostor)


@pytest.mark.parametrize(
    "way",
    [
        first_bundle,
        refreshed_sealing_key,
        lost_sealing_key,
        envelope,
        unvouched_envelope,
        retry,
        around_a_block,
    ],
    ids=lambda way: way.__name__,
)
def test_p7_a_verified_contact_with_another_key_stops_everything(
    friends: tuple[Client, Client], make_client: MakeClient, way: Way
) -> None:
    alice, bob = friends
    alice.write(lambda tx: contacts.set_verified(tx, bob.name))
    expected = bob.device.identity.public
    impostor = make_client("bob")
    way(alice, impostor)
    alice.hear_clock()
    impostor.come_online()
    submitted = len(alice.relay.submitted)

    alice.send(bob, "secret")
    talk(alice)
    alice.reopen()
    talk(alice)
    pin = alice.read(lambda tx: contacts.find(tx, bob.name))
    assert (pin.identity, pin.verified) == (expected, True)
    assert pin.pending_identity == impostor.device.identity.public
    assert len(alice.relay.submitted) == submitted
    assert "trust me" not in alice.texts(bob)
    assert "verified" in alice.notices(bob)[-1]
    assert [each.state for each in alice.history(bob) if each.text == "secret"] == [
        MessageState.QUEUED
    ]
    peers = {session.peer_identity for session in alice.read(sessions.all_sessions)}
    assert peers <= {expected}
