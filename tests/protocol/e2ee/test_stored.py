"""Sessions in the store: all of a state comes back, damage is noticed."""

import random
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.e2ee.ratchet.chain import MessageKey
from protocol.e2ee.ratchet.kem_fields import KemFields
from protocol.e2ee.ratchet.skipped import NO_SKIPPED_KEYS
from protocol.e2ee.session import Session, decrypt, encrypt, peek_untrusted, start_session
from protocol.e2ee.stored import StoredSession, pack_session, unpack_session
from protocol.errors import DamagedState
from protocol.limits import MAX_SKIPPED_KEYS
from protocol.packing import pack, unpack_untrusted
from tests.protocol.e2ee.hybrid_sides import answered, attached
from tests.protocol.e2ee.parties import NOW_MS, begin, established, party
from tests.support.mutations import change_msgpack
from tests.support.randomness import SeededBytes

DRAW = SeededBytes("stored")


def _states() -> dict[str, Session]:
    bob = party("bob")
    fresh = start_session(party("alice").device, bob.address, bob.bundle(), DRAW)
    initiator, responder = begin(DRAW)
    alice, established_bob = established(DRAW)
    alice, _lost = encrypt(alice, b"", DRAW)
    alice, message = encrypt(alice, b"", DRAW)
    skipping, _ = decrypt(established_bob, message, NOW_MS)
    return {
        "nothing sent": fresh,
        "sent, no answer": initiator,
        "received, nothing sent": responder,
        "established": established_bob,
        "with a skipped key": skipping,
        "both ways": alice,
        **_hybrid_states(),
    }


def _hybrid_states() -> dict[str, Session]:
    asking, waiting, message = attached(DRAW)
    asked, _ = decrypt(waiting, message, NOW_MS)
    asking_again, answering, answer = answered(DRAW)
    return {
        "a key attached": asking,
        "a key to answer": asked,
        "answered": answering,
        "answer opened": decrypt(asking_again, answer, NOW_MS)[0],
    }


@pytest.mark.parametrize("which", _states())
def test_every_state_comes_back(which: str) -> None:
    session = _states()[which]
    assert unpack_session(pack_session(session)) == session


def test_a_session_read_back_goes_on() -> None:
    alice, bob = established(DRAW)
    alice, bob = unpack_session(pack_session(alice)), unpack_session(pack_session(bob))
    alice, message = encrypt(alice, b"on", DRAW)
    assert decrypt(bob, message, NOW_MS)[1] == b"on"


def test_2000_skipped_keys_come_back_in_order() -> None:
    alice, bob = established(DRAW)
    for _ in range(MAX_SKIPPED_KEYS):
        alice, _lost = encrypt(alice, b"", DRAW)
    alice, message = encrypt(alice, b"", DRAW)
    bob, _ = decrypt(bob, message, NOW_MS)
    again = unpack_session(pack_session(bob))
    assert list(again.ratchet.skipped.entries) == list(bob.ratchet.skipped.entries)
    assert again == bob


@pytest.mark.parametrize("version", [b"\0", b"\1", b"\3"])
def test_a_session_of_another_version_is_refused(version: bytes) -> None:
    stored = pack_session(established(DRAW)[0])
    with pytest.raises(DamagedState):
        unpack_session(version + stored[1:])


def test_the_largest_state_there_is_comes_back() -> None:
    """All skipped keys, a handshake pending, and KEM fields in both chains."""
    alice, _, message = attached(DRAW)
    _, asked, _ = answered(DRAW)
    fields = KemFields(peek_untrusted(message).kem.attached_key, bytes(1_088))
    key = MessageKey(bytes(32))
    skipped = NO_SKIPPED_KEYS.keep(b"k" * 32, 0, [key] * MAX_SKIPPED_KEYS, 1 << 63)
    sending, receiving = alice.ratchet.sending, asked.ratchet.receiving
    assert sending is not None
    assert receiving is not None
    state = replace(
        alice.ratchet,
        sending=replace(sending, kem=fields),
        receiving=replace(receiving, kem=fields),
        skipped=skipped,
    )
    handshake = begin(DRAW)[0].pending_handshake
    largest = replace(alice, ratchet=state, pending_handshake=handshake)
    assert unpack_session(pack_session(largest)) == largest


def test_truncations_are_refused() -> None:
    stored = pack_session(established(DRAW)[0])
    for size in range(len(stored)):
        with pytest.raises(DamagedState):
            unpack_session(stored[:size])


@given(st.binary(max_size=400))
def test_damage_is_noticed_or_harmless(data: bytes) -> None:
    """Nothing but DamagedState, whatever the bytes (the database authenticates them)."""
    with pytest.raises(DamagedState):
        unpack_session(data)


@given(st.integers(0, 1 << 20), st.integers(1, 255))
def test_flipped_bytes_raise_nothing_else(place: int, change: int) -> None:
    stored = bytearray(pack_session(_FIXED))
    stored[place % len(stored)] ^= change
    with suppress(DamagedState):
        unpack_session(bytes(stored))


def test_a_row_of_skipped_keys_cut_short_is_damage() -> None:
    stored = pack_session(_FIXED)
    whole = unpack_untrusted(StoredSession, stored[1:], len(stored))
    ratchet = replace(whole.ratchet, skipped=whole.ratchet.skipped[:-1])
    with pytest.raises(DamagedState):
        unpack_session(stored[:1] + pack(replace(whole, ratchet=ratchet)))


def test_changed_values_are_damage_or_come_back(rng: random.Random) -> None:
    for session in _states().values():
        stored = pack_session(session)
        for _ in range(50):
            changed = stored[:1] + change_msgpack(stored[1:], rng)
            with suppress(DamagedState):
                assert pack_session(unpack_session(changed)) == changed


_FIXED = _states()["with a skipped key"]
