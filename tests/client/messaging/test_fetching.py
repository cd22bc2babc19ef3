"""Keys of peers: verified, compared with the pin, and never used on the relay's word alone."""

from dataclasses import replace

import pytest

from client.errors import ExitCode, RefusedByRelay
from client.messaging import fetching
from client.store import contacts, peer_keys, sessions
from client.values import TrustQuestion
from protocol.ids import FetchId
from protocol.limits import MAX_BUNDLE_AGE_MS
from protocol.records import PrekeyBundle
from tests.client.messaging.conftest import MakeClient
from tests.support.clients import Client, FakeRelay, talk


def bundle_for(alice: Client, bob: Client) -> PrekeyBundle:
    alice.send(bob, "hi")
    (wanted,) = alice.write(lambda tx: fetching.prepare(tx, alice.surroundings))
    assert wanted.fetch_id is not None
    return alice.relay.shelves[bob.name].bundle(wanted.fetch_id)


def give(alice: Client, bob: Client, bundle: PrekeyBundle) -> TrustQuestion | None:
    return alice.write(lambda tx: fetching.bundle_arrived(tx, bob.name, bundle, alice.surroundings))


def forgeries(bundle: PrekeyBundle, other: PrekeyBundle) -> dict[str, PrekeyBundle]:
    """Give what a relay might make of ``bundle``, with another account's keys at hand."""
    return {
        "identity": replace(bundle, identity=other.identity),
        "signed prekey": replace(bundle, signed_prekey=other.signed_prekey),
        "kem": replace(bundle, kem=other.kem),
        "sealing key": replace(bundle, sealing_key=other.sealing_key),
        "one-time key left out": replace(bundle, one_time_key=None),
        "prekey swapped": replace(
            bundle, signed_prekey=replace(bundle.signed_prekey, key=other.signed_prekey.key)
        ),
        "prekey made young": replace(
            bundle, signed_prekey=replace(bundle.signed_prekey, issued_at_ms=1 << 40)
        ),
        "sealing key swapped": replace(
            bundle, sealing_key=replace(bundle.sealing_key, key=other.sealing_key.key)
        ),
        "id changed": replace(bundle, kem=replace(bundle.kem, key_id=77)),
    }


def test_p5_forged_bundles_are_refused_and_change_nothing(
    alice: Client, bob: Client, make_client: MakeClient
) -> None:
    mallory = make_client("mallory")
    bundle = bundle_for(alice, bob)
    other = alice.relay.shelves[mallory.name].bundle(FetchId(b"f" * 16))
    before = alice.dump()
    for forged in forgeries(bundle, other).values():
        with pytest.raises(RefusedByRelay, match="not usable") as caught:
            give(alice, bob, forged)
        assert caught.value.exit_code is ExitCode.REFUSED
        assert alice.dump() == before
    assert give(alice, bob, bundle) is None
    talk(alice, bob)
    assert bob.texts(alice) == ["hi"]


def test_p5_a_bundle_of_a_device_long_away_is_refused(
    alice: Client, bob: Client, relay: FakeRelay
) -> None:
    bundle = bundle_for(alice, bob)
    relay.clock.now_ms += MAX_BUNDLE_AGE_MS + 1
    alice.hear_clock()
    before = alice.dump()
    with pytest.raises(RefusedByRelay, match="too old"):
        give(alice, bob, bundle)
    assert alice.dump() == before


def test_p5_an_older_bundle_than_one_seen_is_refused(
    friends: tuple[Client, Client], relay: FakeRelay
) -> None:
    alice, bob = friends
    fetch_id = next(iter(relay.shelves[bob.name].handed_out))
    old = relay.shelves[bob.name].handed_out[fetch_id]
    relay.clock.now_ms += 3 * 24 * 3_600_000
    bob.come_online()
    alice.hear_clock()
    alice.write(lambda tx: sessions.forget_peer(tx, bob.name))
    alice.send(bob, "again")
    alice.fetch_keys()
    before = alice.dump()
    with pytest.raises(RefusedByRelay, match="older than one seen"):
        give(alice, bob, old)
    assert alice.dump() == before


def test_the_first_identity_is_pinned_and_said_so(alice: Client, bob: Client) -> None:
    give(alice, bob, bundle_for(alice, bob))
    pin = alice.read(lambda tx: contacts.find(tx, bob.name))
    assert pin.identity == bob.device.identity.public
    assert not pin.verified
    assert ["First contact" in each for each in alice.notices(bob)] == [True]


def test_p7_another_identity_is_a_question_and_its_keys_are_not_used(
    friends: tuple[Client, Client], make_client: MakeClient
) -> None:
    alice, bob = friends
    alice.write(lambda tx: contacts.set_verified(tx, bob.name))
    impostor = make_client("bob")
    swapped = alice.relay.shelves[impostor.name].bundle(FetchId(b"f" * 16))
    before = alice.read(lambda tx: (sessions.all_sessions(tx), peer_keys.find(tx, bob.name)))
    assert give(alice, bob, swapped) == TrustQuestion(bob.name, verified=True)
    after = alice.read(lambda tx: (sessions.all_sessions(tx), peer_keys.find(tx, bob.name)))
    assert after == before
    assert give(alice, bob, swapped) is None, "the same question is not put twice"
    assert len(alice.notices(bob)) == 2


def test_a_second_bundle_does_not_open_a_second_session(alice: Client, bob: Client) -> None:
    bundle = bundle_for(alice, bob)
    give(alice, bob, bundle)
    give(alice, bob, bundle)
    assert len(alice.read(sessions.all_sessions)) == 1


def test_with_a_session_only_the_sealing_key_is_fetched(alice: Client, bob: Client) -> None:
    """Whoever was written to first needs no bundle to answer."""
    alice.send(bob, "hi")
    alice.flush()
    bob.receive_all()
    bob.send(alice, "hello")
    (wanted,) = bob.write(lambda tx: fetching.prepare(tx, bob.surroundings))
    assert wanted.fetch_id is None
    talk(bob, alice)
    assert alice.texts(bob) == ["hello"]


def test_p5_a_forged_sealing_key_is_refused(
    friends: tuple[Client, Client], make_client: MakeClient
) -> None:
    alice, bob = friends
    mallory = make_client("mallory")
    upload = alice.relay.shelves[mallory.name].upload
    assert upload is not None
    before = alice.dump()
    with pytest.raises(RefusedByRelay, match="not usable"):
        alice.write(
            lambda tx: fetching.sealing_key_arrived(
                tx, bob.name, bob.device.identity.public, upload.sealing_key, alice.surroundings
            )
        )
    assert alice.dump() == before
