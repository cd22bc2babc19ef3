"""P5: whatever comes in, the store is as it was, row by row, but for the one visible line."""

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest

from client.messaging.outcomes import Duplicate, Held, Junk, Outcome, Unreadable
from client.values import Delivery
from protocol.e2ee.sealed_payload import PayloadKind, SealedPayload
from protocol.ids import DeviceAddress, MessageId, Name
from tests.client.messaging.conftest import MakeClient
from tests.client.messaging.envelopes import (
    in_the_name_of,
    payload_of,
    raw_payload,
    said_by,
    sealed_anew,
)
from tests.support.clients import Client, talk
from tests.support.mutations import change_bytes
from tests.support.unchanged import Snapshot, assert_only_marks


def check(client: Client, delivery: Delivery, allowed: tuple[type, ...]) -> Outcome:
    """Receive, and compare the whole store before and after."""
    before = Snapshot.of(client)
    outcome = client.receive(delivery)
    assert isinstance(outcome, allowed), outcome
    assert_only_marks(before, Snapshot.of(client), outcome)
    return outcome


def altered(data: bytes, rng: random.Random, count: int) -> Iterator[bytes]:
    """Give ``count`` alterations of ``data``."""
    return (change_bytes(data, rng) for _ in range(count))


def test_p5_altered_envelopes_change_nothing(
    friends: tuple[Client, Client], rng: random.Random
) -> None:
    alice, bob = friends
    alice.send(bob, "target")
    alice.flush()
    (delivery,) = bob.relay.mail[bob.name]
    for envelope in altered(delivery.envelope, rng, 60):
        if envelope != delivery.envelope:
            check(bob, replace(delivery, envelope=envelope), (Junk,))
    talk(alice, bob)
    assert bob.texts(alice)[-1] == "target"


@pytest.mark.parametrize("stage", ["handshake", "established"])
def test_p5_altered_messages_under_a_good_seal_leave_a_line_at_most(
    alice: Client, bob: Client, rng: random.Random, stage: str
) -> None:
    """Alice herself may seal what she likes, under her tag; others leave nothing at all."""
    message_id = alice.send(bob, "first")
    alice.flush()
    if stage == "established":
        talk(alice, bob)
        bob.send(alice, "answer")
        talk(alice, bob)
        message_id = alice.send(bob, "second")
    else:
        bob.send(alice, "crossing")  # so that Alice is pinned already
        bob.flush()
    payload = payload_of(alice, message_id)
    for body in altered(payload.body, rng, 60):
        if body == payload.body:
            continue
        vouched = rng.choice((None, alice.sender))
        check(bob, sealed_anew(bob, replace(payload, body=body), vouched), (Junk,))
        hostile = sealed_anew(bob, said_by(alice, bob, body), vouched)
        check(bob, hostile, (Unreadable, Duplicate, Held, Junk))
    assert not [each for each in bob.texts(alice) if each not in ("first", "second")]
    talk(alice, bob)
    assert payload.body in {
        SealedPayload.decode_untrusted(each).body
        for (each,) in bob.connection.execute("SELECT payload FROM specimens")
    }


def test_p5_noise_in_a_good_seal_is_junk(bob: Client, rng: random.Random) -> None:
    sender, kind = DeviceAddress(Name("alice")), PayloadKind.RATCHET_MESSAGE
    whole = SealedPayload(sender, kind, rng.randbytes(16), rng.randbytes(200)).encode()
    for data in altered(whole, rng, 60):
        check(bob, sealed_anew(bob, raw_payload(data)), (Junk,))


def test_p5_senders_who_cannot_be_are_junk(friends: tuple[Client, Client]) -> None:
    alice, bob = friends
    message_id = alice.send(bob, "hm")
    payload = payload_of(alice, message_id)
    for sender in (
        DeviceAddress(bob.name),
        DeviceAddress(alice.name, 2),
        DeviceAddress(alice.name, 0),
        DeviceAddress(Name("stranger")),
    ):
        check(bob, sealed_anew(bob, replace(payload, sender=sender)), (Junk,))


def test_p5_another_account_cannot_leave_gaps_in_a_conversation(
    friends: tuple[Client, Client], make_client: MakeClient
) -> None:
    alice, bob = friends
    mallory = make_client("mallory")
    body = payload_of(alice, alice.send(bob, "x")).body[:-3]
    for forged in (said_by(alice, bob, body), in_the_name_of(alice, bob, mallory, body)):
        check(bob, sealed_anew(bob, forged, mallory.sender), (Junk,))
    check(bob, sealed_anew(bob, forged), (Junk,))
    check(bob, sealed_anew(bob, said_by(alice, bob, body)), (Unreadable,))


def test_p5_a_handshake_whose_prekeys_are_gone_is_one_line(alice: Client, bob: Client) -> None:
    bob.send(alice, "so that you are pinned")
    bob.flush()
    message_id = alice.send(bob, "late")
    alice.flush()
    bob.connection.execute("DELETE FROM prekeys WHERE kind = 'one-time'")
    outcome = check(bob, sealed_anew(bob, payload_of(alice, message_id)), (Unreadable,))
    assert isinstance(outcome, Unreadable)
    assert "prekeys are gone" in outcome.reason


def test_p6_a_flood_of_claims_to_be_a_contact_is_bounded(
    friends: tuple[Client, Client], make_client: MakeClient
) -> None:
    """Held envelopes are, and a person is asked nothing without the relay's word."""
    alice, bob = friends
    impostor = make_client("alice")
    impostor.send(bob, "it is me")
    impostor.fetch_keys()
    message_id = MessageId(impostor.connection.execute("SELECT message_id FROM outbox").get)
    payload = payload_of(impostor, message_id)
    outcomes = [bob.receive(sealed_anew(bob, payload)) for _ in range(103)]
    assert outcomes.count(Held(alice.name, None)) == 100
    assert [type(outcome) for outcome in outcomes[100:]] == [Junk] * 3
    assert bob.texts(alice) == ["hello bob"]
