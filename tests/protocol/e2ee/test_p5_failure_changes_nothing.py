"""P5: whatever is wrong with a message, the session stays as it was."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.e2ee.kem import KemSecret
from protocol.e2ee.ratchet.header import split_untrusted
from protocol.e2ee.ratchet.hybrid import CLASSICAL, KemParts, answering_parts
from protocol.e2ee.ratchet.kem_fields import NO_KEM_FIELDS, KemFields
from protocol.e2ee.session import Session, decrypt, encrypt, peek_untrusted
from protocol.e2ee.stored import pack_session
from protocol.errors import (
    BadPublicKey,
    DecryptionFailed,
    KemFieldsRefused,
    KeyGone,
    PeerError,
    TooManySkipped,
    UnknownSession,
    UnsupportedVersion,
    WireError,
)
from protocol.ids import SessionId
from tests.protocol.e2ee.hybrid_sides import answered, attached, begin_chain, claiming
from tests.protocol.e2ee.parties import NOW_MS, begin, established
from tests.support.randomness import SeededBytes

DRAW = SeededBytes("p5")


def _refused(session: Session, message: bytes) -> PeerError:
    """Show ``message`` to ``session``, which must refuse it and stay as it was."""
    before = pack_session(session)
    with pytest.raises(PeerError) as caught:
        decrypt(session, message, NOW_MS)
    assert pack_session(session) == before
    return caught.value


def _with_skipped_keys() -> tuple[Session, Session]:
    """Give two sessions, the second waiting for messages of an old chain and of this one."""
    alice, bob = established(DRAW)
    for _ in range(2):
        alice, _lost = encrypt(alice, b"lost", DRAW)
        alice, message = encrypt(alice, b"", DRAW)
        bob, _ = decrypt(bob, message, NOW_MS)
        bob, message = encrypt(bob, b"", DRAW)
        alice, _ = decrypt(alice, message, NOW_MS)
    alice, _lost = encrypt(alice, b"lost", DRAW)
    alice, message = encrypt(alice, b"", DRAW)
    bob, _ = decrypt(bob, message, NOW_MS)
    assert len(bob.ratchet.skipped) == 3
    return alice, bob


def test_p5_every_flipped_bit_of_a_short_message_is_refused() -> None:
    """All bits of header, nonce, ciphertext and tag; in the current chain and in a new one."""
    alice, bob = _with_skipped_keys()
    _, same_chain = encrypt(alice, b"text", DRAW)
    bob, answer = encrypt(bob, b"", DRAW)
    alice, _ = decrypt(alice, answer, NOW_MS)
    _, new_chain = encrypt(alice, b"text", DRAW)
    for message in (same_chain, new_chain):
        assert len(message) == 58 + 12 + 4 + 16
        for position in range(len(message) * 8):
            forged = bytearray(message)
            forged[position // 8] ^= 1 << position % 8
            _refused(bob, bytes(forged))
        assert decrypt(bob, message, NOW_MS)[1] == b"text"


def test_p5_flipped_bits_of_a_handshake_are_refused_by_a_known_session() -> None:
    alice, bob = begin(DRAW)
    _, message = encrypt(alice, b"text", DRAW)
    assert len(message) == 58 + 1_161 + 12 + 4 + 16
    for position in range(58 * 8, len(message) * 8, 7):
        forged = bytearray(message)
        forged[position // 8] ^= 1 << position % 8
        _refused(bob, bytes(forged))


def test_p5_every_truncation_is_refused() -> None:
    alice, bob = established(DRAW)
    _, message = encrypt(alice, b"text", DRAW)
    for size in range(len(message)):
        _refused(bob, message[:size])
    _refused(bob, message + b"\0")


def _changes() -> dict[str, tuple[type[PeerError], Callable[[bytes], bytes]]]:
    def header(**fields: object) -> Callable[[bytes], bytes]:
        def change(message: bytes) -> bytes:
            parts = split_untrusted(message)
            return replace(parts.header, **fields).encode() + parts.body  # type: ignore[arg-type]

        return change

    return {
        "no message at all": (WireError, lambda message: b""),
        "another version": (UnsupportedVersion, lambda message: b"\x02" + message[1:]),
        "unknown flags": (WireError, lambda message: message[:1] + b"\x80" + message[2:]),
        "another session": (UnknownSession, header(session_id=SessionId(bytes(16)))),
        "a ratchet key of low order": (BadPublicKey, header(ratchet_key=bytes(32))),
        "a forged ratchet key": (DecryptionFailed, header(ratchet_key=b"\x09" * 32)),
        "a used index": (KeyGone, header(index=0)),
        "a jump": (TooManySkipped, header(index=0xFFFFFFFE)),
        "a jump in the old chain": (
            TooManySkipped,
            header(ratchet_key=b"\x09" * 32, previous_count=0xFFFFFFFF),
        ),
        "a jump in the new chain": (
            TooManySkipped,
            header(ratchet_key=b"\x09" * 32, index=0xFFFFFFFE),
        ),
        "a KEM key": (KemFieldsRefused, header(kem=KemFields(bytes(1_184)))),
        "a KEM ciphertext": (KemFieldsRefused, header(kem=KemFields(b"", bytes(1_088)))),
        "beyond the last index": (WireError, header(index=0xFFFFFFFF)),
        "a handshake put in": (
            DecryptionFailed,
            header(handshake=begin(DRAW)[0].pending_handshake),
        ),
        "the tag": (DecryptionFailed, lambda message: message[:-1] + bytes([message[-1] ^ 1])),
    }


HybridFault = tuple[type[PeerError], Session, bytes]


def _chain(sender: Session, parts: KemParts, claimed: KemFields | None = None) -> bytes:
    """Give a message that begins a chain, whatever KEM fields it claims."""
    begun = begin_chain(sender, parts, DRAW)
    return encrypt(begun if claimed is None else claiming(begun, claimed), b"", DRAW)[1]


def _faults_of_an_answer() -> dict[str, HybridFault]:
    """What comes back to whoever attached a key: error, receiver, message."""
    asking, asked, question = attached(DRAW)
    asked, _ = decrypt(asked, question, NOW_MS)
    key = peek_untrusted(question).kem.attached_key
    true_parts = answering_parts(asked.ratchet.receiving)
    chain = partial(_chain, asked)
    return {
        "not answered": (KemFieldsRefused, asking, chain(CLASSICAL)),
        "not answered, and a key": (KemFieldsRefused, asking, chain(KemParts(attached_key=key))),
        "answer taken out": (KemFieldsRefused, asking, chain(true_parts, NO_KEM_FIELDS)),
        "an answer that is noise": (
            DecryptionFailed,
            asking,
            chain(true_parts, KemFields(b"", bytes(1_088))),
        ),
        "the secret not mixed": (
            DecryptionFailed,
            asking,
            chain(replace(true_parts, secret=None)),
        ),
        "another secret": (
            DecryptionFailed,
            asking,
            chain(replace(true_parts, secret=KemSecret(bytes(32)))),
        ),
        "an answer to another key": (
            DecryptionFailed,
            asking,
            chain(replace(true_parts, used_key=bytes(1_184))),
        ),
        "an unusable key beside an answer": (
            BadPublicKey,
            asking,
            chain(true_parts.attaching(b"\xff" * 1_184)),
        ),
    }


def _faults_unasked() -> dict[str, HybridFault]:
    """What comes to whoever attached nothing: error, receiver, message."""
    _, asked, question = attached(DRAW)
    asked, _ = decrypt(asked, question, NOW_MS)
    alice, bob = established(DRAW)
    key = peek_untrusted(question).kem.attached_key
    true_parts = answering_parts(asked.ratchet.receiving)
    from_alice = partial(_chain, alice)
    return {
        "answered unasked": (
            KemFieldsRefused,
            bob,
            from_alice(KemParts(key, true_parts.ciphertext, b"", true_parts.secret)),
        ),
        "answered unasked, nothing mixed": (
            KemFieldsRefused,
            bob,
            from_alice(CLASSICAL, true_parts.fields),
        ),
        "a key put in": (DecryptionFailed, bob, from_alice(CLASSICAL, KemFields(bytes(1_184)))),
        "a key swapped": (
            DecryptionFailed,
            bob,
            from_alice(KemParts(attached_key=key), KemFields(bytes(1_184))),
        ),
        "a key taken out": (
            DecryptionFailed,
            bob,
            from_alice(KemParts(attached_key=key), NO_KEM_FIELDS),
        ),
        "an unusable key": (
            BadPublicKey,
            bob,
            from_alice(KemParts(attached_key=b"\xff" * 1_184)),
        ),
    }


def _hybrid_faults() -> dict[str, HybridFault]:
    """What hostile and broken peers make of a chain that begins."""
    return _faults_of_an_answer() | _faults_unasked()


@pytest.mark.parametrize("what", _hybrid_faults())
def test_p5_each_fault_of_a_hybrid_step_changes_nothing(what: str) -> None:
    error, session, message = _hybrid_faults()[what]
    assert type(_refused(session, message)) is error


def test_p5_the_right_answer_opens_after_all_the_wrong_ones() -> None:
    """So the faults above are refused for their fault, and nothing was lost by them."""
    asking, asked, question = attached(DRAW)
    asked, _ = decrypt(asked, question, NOW_MS)
    parts = answering_parts(asked.ratchet.receiving)
    for wrong in (CLASSICAL, replace(parts, secret=None), parts.attaching(b"\xff" * 1_184)):
        _refused(asking, encrypt(begin_chain(asked, wrong, DRAW), b"", DRAW)[1])
    message = encrypt(begin_chain(asked, parts, DRAW), b"right", DRAW)[1]
    assert decrypt(asking, message, NOW_MS)[1] == b"right"


@pytest.mark.parametrize("which", ["a key", "an answer", "within the chain"])
def test_p5_flipped_bits_of_a_hybrid_message_are_refused(which: str) -> None:
    """Every bit of the fixed header; of the KEM fields and the body one in each 23."""
    alice, bob, question = attached(DRAW)
    asking, _, answer = answered(DRAW)
    opened, _ = decrypt(bob, question, NOW_MS)
    second = encrypt(alice, b"text", DRAW)[1]
    session, message = {
        "a key": (bob, question),
        "an answer": (asking, answer),
        "within the chain": (opened, second),
    }[which]
    for position in [*range(58 * 8), *range(58 * 8, len(message) * 8, 23)]:
        forged = bytearray(message)
        forged[position // 8] ^= 1 << position % 8
        _refused(session, bytes(forged))
    decrypt(session, message, NOW_MS)


def test_p5_truncations_of_hybrid_messages_are_refused() -> None:
    _, bob, question = attached(DRAW)
    asking, _, answer = answered(DRAW)
    for session, message in ((bob, question), (asking, answer)):
        for size in [*range(0, len(message), 7), len(message) - 1]:
            _refused(session, message[:size])


@pytest.mark.parametrize("what", _changes())
def test_p5_each_fault_has_its_error_and_changes_nothing(what: str) -> None:
    error, change = _changes()[what]
    alice, bob = established(DRAW)
    alice, first = encrypt(alice, b"", DRAW)
    bob, _ = decrypt(bob, first, NOW_MS)
    _, message = encrypt(alice, b"text", DRAW)
    assert type(_refused(bob, change(message))) is error
    assert decrypt(bob, message, NOW_MS)[1] == b"text"


def test_p5_our_own_message_reflected_is_refused() -> None:
    alice, _ = established(DRAW)
    alice, message = encrypt(alice, b"text", DRAW)
    _refused(alice, message)


def test_p5_a_message_of_another_session_is_refused() -> None:
    _, bob = established(DRAW)
    other, _ = established(DRAW)
    _, message = encrypt(other, b"text", DRAW)
    assert type(_refused(bob, message)) is UnknownSession
    parts = split_untrusted(message)
    renamed = replace(parts.header, session_id=bob.session_id).encode() + parts.body
    _refused(bob, renamed)


@given(st.binary(max_size=3_000))
def test_p5_arbitrary_bytes_are_refused(data: bytes) -> None:
    _refused(established(SeededBytes("fixed"))[1], data)
