"""Hybrid steps between two sides: who attaches, who answers, and what dies when."""

import pytest

from protocol.e2ee.kem import decapsulate, kem_public_of, make_kem_seed
from protocol.e2ee.ratchet.hybrid import CLASSICAL, KemParts, answering_parts, receiving_parts
from protocol.e2ee.ratchet.kem_fields import NO_KEM_FIELDS, KemFields
from protocol.e2ee.session import Session, decrypt, encrypt, peek_untrusted
from protocol.e2ee.stored import pack_session
from protocol.errors import DecryptionFailed, KemFieldsRefused
from protocol.limits import HYBRID_INTERVAL_MS
from tests.protocol.e2ee.hybrid_sides import answered, attached, begin_chain, claiming, due
from tests.protocol.e2ee.parties import NOW_MS, begin, established
from tests.support.randomness import SeededBytes

DRAW = SeededBytes("hybrid")


def _fields(message: bytes) -> tuple[bool, bool]:
    attached_key, ciphertext = peek_untrusted(message).kem
    return bool(attached_key), bool(ciphertext)


def _count(session: Session) -> int:
    return session.ratchet.since_mix.message_count


def _seed(session: Session) -> bytes:
    """Give the private half of the key that ``session`` has attached."""
    sending = session.ratchet.sending
    assert sending is not None
    assert sending.kem_seed is not None
    return sending.kem_seed.expose()


# --- when ---


def test_a_key_is_attached_when_it_is_due_and_not_before() -> None:
    alice, _ = established(DRAW)
    assert _fields(encrypt(alice, b"", DRAW)[1]) == (False, False)
    assert _fields(encrypt(due(alice), b"", DRAW)[1]) == (True, False)


def test_a_key_is_attached_by_a_sending_step_only() -> None:
    """It belongs to a new ratchet key: within a chain nothing is attached."""
    alice, _ = established(DRAW)
    alice, _ = encrypt(alice, b"", DRAW)
    alice = due(alice)
    assert _fields(encrypt(alice, b"", DRAW)[1]) == (False, False)


def test_the_first_chain_attaches_nothing_however_long() -> None:
    """The handshake's KEM secret is fresh, and every header of the chain carries it already."""
    alice, bob = begin(DRAW)
    for _ in range(60):
        alice, message = encrypt(alice, b"", DRAW)
        assert _fields(message) == (False, False)
        bob, _ = decrypt(bob, message, NOW_MS)
    assert _fields(encrypt(bob, b"", DRAW)[1]) == (True, False)


def test_days_count_between_what_was_heard() -> None:
    for late_ms, attaches in ((HYBRID_INTERVAL_MS - 1, False), (HYBRID_INTERVAL_MS, True)):
        alice, bob = established(DRAW)
        alice, message = encrypt(alice, b"", DRAW)
        bob, _ = decrypt(bob, message, NOW_MS + late_ms)
        assert _fields(encrypt(bob, b"", DRAW)[1]) == (attaches, False)


def test_messages_count_when_they_are_sent_or_authenticated() -> None:
    alice, bob = established(DRAW)
    assert (_count(alice), _count(bob)) == (2, 2)
    alice, late = encrypt(alice, b"", DRAW)
    alice, message = encrypt(alice, b"", DRAW)
    assert _count(alice) == 4
    with pytest.raises(DecryptionFailed):
        decrypt(bob, message[:-1] + bytes([message[-1] ^ 1]), NOW_MS)
    bob, _ = decrypt(bob, message, NOW_MS)
    assert _count(bob) == 3
    bob, _ = decrypt(bob, late, NOW_MS)
    assert _count(bob) == 4


def test_the_seed_of_a_key_is_64_bytes_of_the_randomness_given() -> None:
    drawn: list[bytes] = []

    def watched(size: int) -> bytes:
        drawn.append(DRAW(size))
        return drawn[-1]

    alice, _ = encrypt(due(established(DRAW)[0]), b"", watched)
    assert [each for each in drawn if len(each) == 64] == [_seed(alice)]
    _, bob, message = attached(DRAW)
    bob, _ = decrypt(bob, message, NOW_MS)
    drawn.clear()
    encrypt(bob, b"", watched)
    assert sorted(len(each) for each in drawn) == [12, 32]


# --- attach and answer ---


def test_the_next_chain_answers_and_both_count_anew() -> None:
    alice, bob, answer = answered(DRAW)
    assert _fields(answer) == (False, True)
    assert _count(bob) == 1
    alice, opened = decrypt(alice, answer, NOW_MS)
    assert opened == b"answer"
    assert _count(alice) == 1
    assert alice.ratchet.root == bob.ratchet.root
    alice, message = encrypt(alice, b"on", DRAW)
    assert _fields(message) == (False, False)
    assert decrypt(bob, message, NOW_MS)[1] == b"on"


def test_who_answers_does_not_attach_though_it_was_due() -> None:
    _, bob, message = attached(DRAW)
    bob, _ = decrypt(due(bob), message, NOW_MS)
    assert bob.ratchet.since_mix.is_due
    bob, answer = encrypt(bob, b"", DRAW)
    assert _fields(answer) == (False, True)
    assert _count(bob) == 1


def test_the_secret_goes_into_the_root() -> None:
    """Both take the step once more without it, and come to another root."""
    alice, bob, answer = answered(DRAW)
    kem = peek_untrusted(answer).kem
    sending = alice.ratchet.sending
    assert sending is not None
    parts = receiving_parts(sending, kem)
    assert sending.kem_seed is not None
    assert parts.secret == decapsulate(sending.kem_seed, kem.ciphertext)
    assert parts.used_key == sending.kem.attached_key
    alice, _ = decrypt(alice, answer, NOW_MS)
    stripped = begin_chain(bob, KemParts(parts.used_key, parts.ciphertext), DRAW)
    assert stripped.ratchet.root != alice.ratchet.root


def test_every_header_of_a_chain_repeats_its_fields() -> None:
    alice, bob, first = attached(DRAW)
    alice, second = encrypt(alice, b"", DRAW)
    assert peek_untrusted(second).kem == peek_untrusted(first).kem
    bob, _ = decrypt(bob, second, NOW_MS)
    bob, one = encrypt(bob, b"", DRAW)
    bob, other = encrypt(bob, b"", DRAW)
    assert peek_untrusted(one).kem == peek_untrusted(other).kem
    assert _fields(one) == (False, True)


def test_classical_steps_hash_an_attached_key() -> None:
    """Who takes the key out of a header, or puts another in, gets another chain."""
    alice, bob, message = attached(DRAW)
    sending = alice.ratchet.sending
    assert sending is not None
    parts = receiving_parts(bob.ratchet.sending, sending.kem)
    assert parts == KemParts(attached_key=sending.kem.attached_key)
    assert parts.info() != CLASSICAL.info()
    size = 58 + 1_184
    stripped = message[:1] + b"\0" + message[2:58] + message[size:]
    with pytest.raises(DecryptionFailed):
        decrypt(bob, stripped, NOW_MS)


def test_a_chain_without_a_key_is_answered_classically() -> None:
    _, bob = established(DRAW)
    assert answering_parts(bob.ratchet.receiving) is CLASSICAL
    assert answering_parts(None) is CLASSICAL


# --- what dies ---


def test_p4_the_decapsulation_key_dies_with_its_step() -> None:
    alice, _, answer = answered(DRAW)
    seed = _seed(alice)
    assert seed in pack_session(alice)
    alice, _ = encrypt(alice, b"one more of the chain", DRAW)
    assert seed in pack_session(alice)
    alice, _ = decrypt(alice, answer, NOW_MS)
    packed = pack_session(alice)
    for part in (seed, seed[:32], seed[32:]):
        assert part not in packed


def test_p4_the_kem_secret_is_in_neither_state() -> None:
    alice, bob, answer = answered(DRAW)
    sending = alice.ratchet.sending
    assert sending is not None
    secret = receiving_parts(sending, peek_untrusted(answer).kem).secret
    assert secret is not None
    alice, _ = decrypt(alice, answer, NOW_MS)
    for session in (alice, bob):
        assert secret.expose() not in pack_session(session)


def test_a_forged_answer_leaves_the_key_for_the_true_one() -> None:
    """ML-KEM gives an unrelated secret for a forged ciphertext; the message does not open."""
    alice, _, answer = answered(DRAW)
    forged = bytearray(answer)
    forged[58] ^= 1
    before = pack_session(alice)
    with pytest.raises(DecryptionFailed):
        decrypt(alice, bytes(forged), NOW_MS)
    assert pack_session(alice) == before
    assert decrypt(alice, answer, NOW_MS)[1] == b"answer"


# --- peers with rules of their own ---


def test_attach_and_answer_in_one_header_is_accepted() -> None:
    """Ours never does both; when a peer attaches is the peer's business."""
    alice, bob, message = attached(DRAW)
    bob, _ = decrypt(bob, message, NOW_MS)
    key = kem_public_of(make_kem_seed(DRAW))
    parts = answering_parts(bob.ratchet.receiving).attaching(key)
    _, message = encrypt(begin_chain(bob, parts, DRAW), b"both", DRAW)
    assert _fields(message) == (True, True)
    alice, opened = decrypt(alice, message, NOW_MS)
    assert opened == b"both"
    _, answer = encrypt(alice, b"", DRAW)
    assert _fields(answer) == (False, True)


def test_a_peer_that_attaches_in_every_chain_is_answered_in_every_chain() -> None:
    alice, bob = established(DRAW)
    for _ in range(3):
        alice, message = encrypt(due(alice), b"", DRAW)
        bob, _ = decrypt(bob, message, NOW_MS)
        bob, answer = encrypt(bob, b"", DRAW)
        assert _fields(answer) == (False, True)
        alice, _ = decrypt(alice, answer, NOW_MS)


def test_both_sides_may_be_due_at_once() -> None:
    """The one that speaks first attaches; the other answers, and is due no more."""
    alice, bob = established(DRAW)
    bob = due(bob)
    alice, message = encrypt(due(alice), b"", DRAW)
    bob, _ = decrypt(bob, message, NOW_MS)
    bob, answer = encrypt(bob, b"", DRAW)
    alice, _ = decrypt(alice, answer, NOW_MS)
    alice, message = encrypt(alice, b"", DRAW)
    bob, _ = decrypt(bob, message, NOW_MS)
    bob, answer = encrypt(bob, b"", DRAW)
    assert _fields(message) == _fields(answer) == (False, False)


def test_fields_are_fixed_by_the_first_message_that_opens_and_by_no_other() -> None:
    """A hostile peer shows others later: refused. A forged message fixes nothing."""
    alice, bob, first = attached(DRAW)
    forged = first[:58] + bytes(1_184) + first[58 + 1_184 :]
    with pytest.raises(DecryptionFailed):
        decrypt(bob, forged, NOW_MS)
    bob, _ = decrypt(bob, first, NOW_MS)
    for fields in (NO_KEM_FIELDS, KemFields(bytes(1_184)), KemFields(b"", bytes(1_088))):
        _, message = encrypt(claiming(alice, fields), b"", DRAW)
        with pytest.raises(KemFieldsRefused):
            decrypt(bob, message, NOW_MS)
    _, message = encrypt(alice, b"true", DRAW)
    assert decrypt(bob, message, NOW_MS)[1] == b"true"


def test_fields_are_fixed_for_skipped_messages_of_the_chain_too() -> None:
    alice, bob, _lost = attached(DRAW)
    changed, late = encrypt(claiming(alice, NO_KEM_FIELDS), b"", DRAW)
    sending = alice.ratchet.sending
    assert sending is not None
    alice = claiming(changed, sending.kem)
    alice, message = encrypt(alice, b"", DRAW)
    bob, _ = decrypt(bob, message, NOW_MS)
    with pytest.raises(KemFieldsRefused):
        decrypt(bob, late, NOW_MS)
