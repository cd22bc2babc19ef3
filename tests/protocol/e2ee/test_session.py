"""Sessions from the first message on, through all layers and back."""

from dataclasses import replace

import pytest

from protocol.e2ee.content import Content, Text, decode_content_untrusted, encode_content
from protocol.e2ee.padding import Padding
from protocol.e2ee.sealed import open_envelope_untrusted, seal
from protocol.e2ee.session import (
    Role,
    Session,
    accept_session,
    decrypt,
    encrypt,
    expire_skipped,
    peek_untrusted,
    redate_skipped,
    start_session,
)
from protocol.errors import DecryptionFailed, UnknownSession
from protocol.ids import MessageId
from protocol.limits import SKIPPED_KEY_LIFE_MS
from tests.protocol.e2ee.parties import NOW_MS, Party, begin, established, party
from tests.support.randomness import SeededBytes

DRAW = SeededBytes("session")
ALICE, BOB = party("alice"), party("bob")


def _start(ours: Party, peer: Party) -> Session:
    return start_session(ours.device, peer.address, peer.bundle(), DRAW)


def _accept(ours: Party, peer: Party, message: bytes) -> Session:
    handshake = peek_untrusted(message).handshake
    assert handshake is not None
    return accept_session(ours.device, peer.address, handshake, ours.prekeys())


def test_a_first_message_through_all_layers() -> None:
    content = Content(MessageId(b"m" * 16), 1, NOW_MS, Text("hello Bob"))
    ours, message = encrypt(_start(ALICE, BOB), encode_content(content), DRAW)
    payload = ALICE.payload_to(BOB, message)
    envelope = seal(payload, BOB.address, BOB.identity.public, BOB.sealing_key, Padding.PADME)

    opened = open_envelope_untrusted(
        envelope, BOB.address, BOB.identity.public, BOB.sealing_private
    )
    assert opened.sender == ALICE.address
    handshake = peek_untrusted(opened.body).handshake
    assert handshake is not None
    theirs = accept_session(BOB.device, opened.sender, handshake, BOB.prekeys())
    theirs, plaintext = decrypt(theirs, opened.body, NOW_MS)
    assert decode_content_untrusted(plaintext) == content
    assert theirs.session_id == ours.session_id


@pytest.mark.parametrize("one_time", [True, False])
def test_both_sides_know_who_the_other_is(one_time: bool) -> None:
    alice, bob = begin(DRAW, one_time=one_time)
    assert (alice.peer, alice.peer_identity) == (BOB.address, BOB.identity.public)
    assert (bob.peer, bob.peer_identity) == (ALICE.address, ALICE.identity.public)
    assert (alice.our_role, bob.our_role) == (Role.INITIATOR, Role.RESPONDER)
    assert alice.associated_data == bob.associated_data


def test_any_of_the_first_messages_begins_the_session() -> None:
    alice = _start(ALICE, BOB)
    messages = []
    for index in range(3):
        alice, message = encrypt(alice, b"%d" % index, DRAW)
        messages.append(message)
    bob = _accept(BOB, ALICE, messages[2])
    for index in (2, 0, 1):
        bob, opened = decrypt(bob, messages[index], NOW_MS)
        assert opened == b"%d" % index


def test_a_session_claimed_for_another_sender_does_not_open() -> None:
    """The sealed payload's name is a claim; the transcript checks it."""
    _, message = encrypt(_start(ALICE, BOB), b"hello", DRAW)
    handshake = peek_untrusted(message).handshake
    assert handshake is not None
    mallory = party("mallory").address
    session = accept_session(BOB.device, mallory, handshake, BOB.prekeys())
    with pytest.raises(UnknownSession):
        decrypt(session, message, NOW_MS)


def test_p7_a_handshake_with_a_swapped_identity_does_not_open() -> None:
    """Mallory puts her identity into Alice's header: the session id no longer fits."""
    _, message = encrypt(_start(ALICE, BOB), b"hello", DRAW)
    handshake = peek_untrusted(message).handshake
    assert handshake is not None
    forged = replace(handshake, identity=party("mallory").identity.public)
    session = accept_session(BOB.device, ALICE.address, forged, BOB.prekeys())
    with pytest.raises(UnknownSession):
        decrypt(session, message, NOW_MS)
    renamed = replace(session, session_id=peek_untrusted(message).session_id)
    with pytest.raises(DecryptionFailed):
        decrypt(renamed, message, NOW_MS)


def test_a_replayed_handshake_has_the_same_transcript_hash() -> None:
    """What the client keeps of accepted handshakes tells a replay."""
    _, message = encrypt(_start(ALICE, BOB), b"hello", DRAW)
    assert (
        _accept(BOB, ALICE, message).associated_data == _accept(BOB, ALICE, message).associated_data
    )


def test_two_who_begin_at_once_have_two_sessions_that_both_work() -> None:
    alice, to_bob = encrypt(_start(ALICE, BOB), b"from alice", DRAW)
    bob, to_alice = encrypt(_start(BOB, ALICE), b"from bob", DRAW)
    bob_second, opened = decrypt(_accept(BOB, ALICE, to_bob), to_bob, NOW_MS)
    assert opened == b"from alice"
    alice_second, opened = decrypt(_accept(ALICE, BOB, to_alice), to_alice, NOW_MS)
    assert opened == b"from bob"
    bob_second, message = encrypt(bob_second, b"on alice's", DRAW)
    assert decrypt(alice, message, NOW_MS)[1] == b"on alice's"
    alice_second, message = encrypt(alice_second, b"on bob's", DRAW)
    assert decrypt(bob, message, NOW_MS)[1] == b"on bob's"


def test_skipped_keys_expire_on_a_session_where_nothing_comes() -> None:
    alice, bob = established(DRAW)
    alice, _lost = encrypt(alice, b"", DRAW)
    alice, message = encrypt(alice, b"", DRAW)
    bob, _ = decrypt(bob, message, NOW_MS)
    assert expire_skipped(bob, NOW_MS) is bob
    assert len(expire_skipped(bob, NOW_MS + SKIPPED_KEY_LIFE_MS).ratchet.skipped) == 0


def test_skipped_keys_of_a_wrong_clock_wait_from_when_it_was_put_right() -> None:
    alice, bob = established(DRAW)
    alice, _lost = encrypt(alice, b"", DRAW)
    alice, message = encrypt(alice, b"", DRAW)
    bob, _ = decrypt(bob, message, NOW_MS + 100 * SKIPPED_KEY_LIFE_MS)
    assert redate_skipped(bob, NOW_MS + 100 * SKIPPED_KEY_LIFE_MS) is bob
    bob = redate_skipped(bob, NOW_MS)
    assert len(bob.ratchet.skipped) == 1
    assert len(expire_skipped(bob, NOW_MS + SKIPPED_KEY_LIFE_MS).ratchet.skipped) == 0


def test_equal_texts_give_different_messages() -> None:
    alice, _ = established(DRAW)
    alice, one = encrypt(alice, b"same", DRAW)
    alice, other = encrypt(alice, b"same", DRAW)
    assert one[58:] != other[58:]


def test_a_state_used_twice_does_not_repeat_a_nonce() -> None:
    """A disk rolled back to an older state uses a message key again: never with one nonce."""
    alice, _ = established(DRAW)
    alice, _ = encrypt(alice, b"", DRAW)
    _, one = encrypt(alice, b"one", DRAW)
    _, other = encrypt(alice, b"other", DRAW)
    assert one[:58] == other[:58]
    assert one[58:70] != other[58:70]
