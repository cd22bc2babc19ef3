"""The double ratchet between two sides: order, loss, turns, and when a chain ends."""

from dataclasses import replace
from random import Random

import pytest

from protocol.e2ee.ratchet.state import initiator_state
from protocol.e2ee.session import (
    Session,
    accept_session,
    decrypt,
    encrypt,
    peek_untrusted,
    start_session,
)
from protocol.e2ee.stored import pack_session, unpack_session
from protocol.errors import (
    ChainExhausted,
    DecryptionFailed,
    KeyGone,
    NothingReceivedYet,
    TooManySkipped,
)
from protocol.limits import (
    MAX_CHAIN_MESSAGES,
    MAX_FORWARD_JUMP,
    MAX_SKIPPED_KEYS,
    SKIPPED_KEY_LIFE_MS,
)
from tests.protocol.e2ee.parties import NOW_MS, begin, established, party
from tests.support.randomness import SeededBytes

DRAW = SeededBytes("ratchet")


def _send(session: Session, count: int) -> tuple[Session, list[bytes]]:
    messages = []
    for index in range(count):
        session, message = encrypt(session, b"%d" % index, DRAW)
        messages.append(message)
    return session, messages


def test_a_conversation_by_turns() -> None:
    alice, bob = established(DRAW)
    for turn in range(10):
        alice, message = encrypt(alice, b"a%d" % turn, DRAW)
        bob, opened = decrypt(bob, message, NOW_MS)
        assert opened == b"a%d" % turn
        bob, message = encrypt(bob, b"b%d" % turn, DRAW)
        alice, opened = decrypt(alice, message, NOW_MS)
        assert opened == b"b%d" % turn


def test_messages_open_in_any_order(rng: Random) -> None:
    alice, bob = established(DRAW)
    alice, messages = _send(alice, 50)
    order = list(range(50))
    rng.shuffle(order)
    for index in order:
        bob, opened = decrypt(bob, messages[index], NOW_MS)
        assert opened == b"%d" % index
    assert len(bob.ratchet.skipped) == 0


def test_messages_of_chains_that_ended_still_open() -> None:
    alice, bob = established(DRAW)
    alice, late = _send(alice, 3)
    bob, _ = decrypt(bob, late[1], NOW_MS)
    for _ in range(3):
        bob, message = encrypt(bob, b"turn", DRAW)
        alice, _ = decrypt(alice, message, NOW_MS)
        alice, message = encrypt(alice, b"turn", DRAW)
        bob, _ = decrypt(bob, message, NOW_MS)
    bob, opened = decrypt(bob, late[2], NOW_MS)
    assert opened == b"2"
    bob, opened = decrypt(bob, late[0], NOW_MS)
    assert opened == b"0"


def test_a_message_opens_once() -> None:
    alice, bob = established(DRAW)
    alice, messages = _send(alice, 3)
    bob, _ = decrypt(bob, messages[2], NOW_MS)
    bob, _ = decrypt(bob, messages[0], NOW_MS)
    for message in (messages[2], messages[0]):
        with pytest.raises(KeyGone):
            decrypt(bob, message, NOW_MS)


def test_a_message_of_an_ended_chain_opens_once_too() -> None:
    """Its key is gone as well, but cannot be told from a forged ratchet key."""
    alice, bob = established(DRAW)
    alice, (old,) = _send(alice, 1)
    bob, _ = decrypt(bob, old, NOW_MS)
    bob, message = encrypt(bob, b"turn", DRAW)
    alice, _ = decrypt(alice, message, NOW_MS)
    alice, (new,) = _send(alice, 1)
    bob, _ = decrypt(bob, new, NOW_MS)
    with pytest.raises(DecryptionFailed):
        decrypt(bob, old, NOW_MS)


def test_the_sending_step_is_lazy() -> None:
    """A step is made by sending, not by receiving: the new key is as fresh as can be."""
    alice, _ = established(DRAW)
    assert alice.ratchet.sending is None
    private = alice.ratchet.our_private
    alice, _ = encrypt(alice, b"", DRAW)
    assert alice.ratchet.sending is not None
    assert alice.ratchet.our_private != private
    again, _ = encrypt(alice, b"", DRAW)
    assert again.ratchet.our_private == alice.ratchet.our_private
    assert again.ratchet.root == alice.ratchet.root


def test_the_previous_chain_length_is_that_of_the_former_sending_chain() -> None:
    alice, bob = established(DRAW)
    alice, messages = _send(alice, 4)
    bob, _ = decrypt(bob, messages[0], NOW_MS)
    bob, answer = encrypt(bob, b"", DRAW)
    alice, _ = decrypt(alice, answer, NOW_MS)
    alice, message = encrypt(alice, b"", DRAW)
    bob, _ = decrypt(bob, message, NOW_MS)
    assert alice.ratchet.sending is not None
    assert alice.ratchet.sending.previous_count == 4
    assert len(bob.ratchet.skipped) == 3


def test_a_responder_cannot_speak_first() -> None:
    alice, bob = party("alice"), party("bob")
    ours = start_session(alice.device, bob.address, bob.bundle(), DRAW)
    _, message = encrypt(ours, b"", DRAW)
    handshake = peek_untrusted(message).handshake
    assert handshake is not None
    theirs = accept_session(bob.device, alice.address, handshake, bob.prekeys())
    with pytest.raises(NothingReceivedYet):
        encrypt(theirs, b"", DRAW)


def test_an_initiator_that_has_sent_nothing_opens_nothing() -> None:
    alice, bob = begin(DRAW)
    _, message = encrypt(bob, b"", DRAW)
    fresh = replace(alice, ratchet=initiator_state(alice.ratchet.root, b"p" * 32))
    with pytest.raises(DecryptionFailed):
        decrypt(fresh, message, NOW_MS)


def test_p6_a_jump_up_to_the_limit_is_taken_and_one_more_is_not() -> None:
    alice, bob = established(DRAW)
    alice, messages = _send(alice, MAX_FORWARD_JUMP + 2)
    with pytest.raises(TooManySkipped):
        decrypt(bob, messages[MAX_FORWARD_JUMP + 1], NOW_MS)
    bob, opened = decrypt(bob, messages[MAX_FORWARD_JUMP], NOW_MS)
    assert opened == b"%d" % MAX_FORWARD_JUMP
    assert len(bob.ratchet.skipped) == MAX_SKIPPED_KEYS


def test_p6_old_and_new_chain_count_together() -> None:
    alice, bob = established(DRAW)
    alice, old = _send(alice, 1_001)
    bob, _ = decrypt(bob, old[0], NOW_MS)
    bob, answer = encrypt(bob, b"", DRAW)
    alice, _ = decrypt(alice, answer, NOW_MS)
    alice, new = _send(alice, 1_002)
    with pytest.raises(TooManySkipped) as caught:
        decrypt(bob, new[1_001], NOW_MS)
    assert caught.value.skipped == 2_001
    bob, opened = decrypt(bob, new[1_000], NOW_MS)
    assert opened == b"1000"
    bob, opened = decrypt(bob, old[500], NOW_MS)
    assert opened == b"500"


def test_a_skipped_message_opens_for_35_days() -> None:
    alice, bob = established(DRAW)
    alice, messages = _send(alice, 2)
    bob, _ = decrypt(bob, messages[1], NOW_MS)
    decrypt(bob, messages[0], NOW_MS + SKIPPED_KEY_LIFE_MS - 1)
    with pytest.raises(KeyGone):
        decrypt(bob, messages[0], NOW_MS + SKIPPED_KEY_LIFE_MS)


def test_expiry_reaches_the_state_with_the_next_message() -> None:
    alice, bob = established(DRAW)
    alice, messages = _send(alice, 3)
    bob, _ = decrypt(bob, messages[1], NOW_MS)
    assert len(bob.ratchet.skipped) == 1
    bob, _ = decrypt(bob, messages[2], NOW_MS + SKIPPED_KEY_LIFE_MS)
    assert len(bob.ratchet.skipped) == 0


def test_a_chain_at_its_full_length_is_our_callers_error_until_the_peer_answers() -> None:
    """Its last message opens, its length fits the next header, and the state still packs."""
    alice, bob = established(DRAW)
    alice, message = encrypt(alice, b"", DRAW)
    bob, _ = decrypt(bob, message, NOW_MS)
    alice, bob = _far_on(alice, bob, MAX_CHAIN_MESSAGES - 1)
    alice, last = encrypt(alice, b"the last", DRAW)
    for _ in range(2):
        with pytest.raises(ChainExhausted):
            encrypt(alice, b"", DRAW)
    bob, opened = decrypt(bob, last, NOW_MS)
    assert opened == b"the last"
    alice, bob = unpack_session(pack_session(alice)), unpack_session(pack_session(bob))
    bob, answer = encrypt(bob, b"", DRAW)
    alice, _ = decrypt(alice, answer, NOW_MS)
    alice, message = encrypt(alice, b"on", DRAW)
    assert peek_untrusted(message).previous_count == MAX_CHAIN_MESSAGES
    assert decrypt(bob, message, NOW_MS)[1] == b"on"


def _far_on(alice: Session, bob: Session, count: int) -> tuple[Session, Session]:
    """Pretend that so many messages of Alice's chain were sent and opened."""
    sending, receiving = alice.ratchet.sending, bob.ratchet.receiving
    assert sending is not None
    assert receiving is not None
    alice_ratchet = replace(alice.ratchet, sending=replace(sending, count=count))
    bob_ratchet = replace(bob.ratchet, receiving=replace(receiving, index=count))
    return replace(alice, ratchet=alice_ratchet), replace(bob, ratchet=bob_ratchet)


def test_the_handshake_repeats_until_an_answer_opened() -> None:
    alice, bob = begin(DRAW)
    alice, message = encrypt(alice, b"", DRAW)
    assert peek_untrusted(message).handshake == alice.pending_handshake is not None
    bob, _ = decrypt(bob, message, NOW_MS)
    bob, answer = encrypt(bob, b"", DRAW)
    assert peek_untrusted(answer).handshake is None
    alice, _ = decrypt(alice, answer, NOW_MS)
    alice, message = encrypt(alice, b"", DRAW)
    assert peek_untrusted(message).handshake is None
