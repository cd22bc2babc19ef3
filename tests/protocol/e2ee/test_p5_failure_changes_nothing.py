"""P5: whatever is wrong with a message, the session stays as it was."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.e2ee.ratchet.header import split_untrusted
from protocol.e2ee.ratchet.kem_fields import KemFields
from protocol.e2ee.session import Session, decrypt, encrypt
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
