"""Sessions in which a KEM key is due, attached or answered; and peers that keep no rule."""

from dataclasses import replace

from protocol.e2ee.curve import dh, make_curve_pair
from protocol.e2ee.ratchet.chain import SendingChain
from protocol.e2ee.ratchet.hybrid import KemParts
from protocol.e2ee.ratchet.kem_fields import KemFields
from protocol.e2ee.ratchet.root import root_step
from protocol.e2ee.ratchet.since_mix import SinceMix
from protocol.e2ee.session import Session, decrypt, encrypt
from protocol.limits import HYBRID_INTERVAL_MESSAGES
from tests.protocol.e2ee.parties import NOW_MS, established
from tests.support.randomness import SeededBytes


def due(session: Session) -> Session:
    """Give ``session`` with its count at the limit: its next sending step attaches a key."""
    since_mix = SinceMix(HYBRID_INTERVAL_MESSAGES, NOW_MS, NOW_MS)
    return replace(session, ratchet=replace(session.ratchet, since_mix=since_mix))


def attached(random_bytes: SeededBytes) -> tuple[Session, Session, bytes]:
    """Give Alice, who has attached a key, Bob, and her message, which he has not opened."""
    alice, bob = established(random_bytes)
    alice, message = encrypt(due(alice), b"attached", random_bytes)
    return alice, bob, message


def answered(random_bytes: SeededBytes) -> tuple[Session, Session, bytes]:
    """Give Alice, whose key is out, Bob, who has answered it, and his message, not opened yet."""
    alice, bob, message = attached(random_bytes)
    bob, _ = decrypt(bob, message, NOW_MS)
    bob, answer = encrypt(bob, b"answer", random_bytes)
    return alice, bob, answer


def begin_chain(session: Session, parts: KemParts, random_bytes: SeededBytes) -> Session:
    """Take a sending step that mixes in whatever ``parts`` say, due or owed or not."""
    state = session.ratchet
    assert state.their_key is not None
    pair = make_curve_pair(random_bytes)
    root, key = root_step(state.root, dh(pair.private, state.their_key), parts)
    chain = SendingChain(pair.public, key, state.previous_count, kem=parts.fields)
    state = replace(state, root=root, our_private=pair.private, sending=chain)
    return replace(session, ratchet=state)


def claiming(session: Session, fields: KemFields) -> Session:
    """Give ``session`` with other fields in all further headers of its sending chain."""
    chain = session.ratchet.sending
    assert chain is not None
    state = replace(session.ratchet, sending=replace(chain, kem=fields))
    return replace(session, ratchet=state)
