"""From a sealed payload to its content: nothing is stored here, so a failure changes nothing.

    message ── names a session ────────▶ that session, if it is with the claimed sender
            └─ brings a handshake ─────▶ a new session, if the identity may be trusted
                                         decrypt ──▶ content

Spec: docs/protocol.md#handshake, docs/protocol.md#sessions
"""

from dataclasses import dataclass

from client.messaging.arrival import Arrival
from client.store import handshakes, prekeys, sessions
from client.store.prekeys import PrekeyKind
from client.store.transaction import Transaction
from protocol.e2ee.content import Content, decode_content_untrusted
from protocol.e2ee.curve import CurvePrivateKey
from protocol.e2ee.handshake import HandshakePrekeys
from protocol.e2ee.handshake_header import HandshakeHeader, KemKind
from protocol.e2ee.kem import KemSeed
from protocol.e2ee.prekey_secrets import OneTimePrivate
from protocol.e2ee.session import Session, accept_session, decrypt, peek_untrusted
from protocol.errors import HandshakeRefused, HandshakeReplayed, PrekeysGone, UnknownSession


@dataclass(frozen=True, slots=True)
class Opened:
    """An authenticated message, and what has to be stored with it.

    Args:
        session: its next state.
        accepted: the handshake, if the message begins the session.
    """

    session: Session
    content: Content
    accepted: HandshakeHeader | None


@dataclass(frozen=True, slots=True)
class OtherIdentity:
    """A handshake under another identity than the pinned one: not tried."""

    identity: bytes


def open_message(tx: Transaction, arrival: Arrival) -> Opened | OtherIdentity:
    """Open the ratchet message of ``arrival``.

    Raises:
        PeerError: it does not open, or nobody vouches for a first contact.
    Cost: bounded; at most about 10 ms.
    """
    message, sender = arrival.payload.body, arrival.payload.sender
    header = peek_untrusted(message)
    session, accepted = sessions.get(tx, header.session_id), None
    if session is None:
        if header.handshake is None:
            raise UnknownSession
        accepted = header.handshake
        if not _may_be_trusted(arrival, accepted.identity):
            return OtherIdentity(accepted.identity)
        session = _begin(tx, arrival, accepted)
    if session.peer != sender:
        raise UnknownSession
    after, plaintext = decrypt(session, message, arrival.delivery.arrival_ms)
    return Opened(after, decode_content_untrusted(plaintext), accepted)


def _may_be_trusted(arrival: Arrival, identity: bytes) -> bool:
    """Tell whether a handshake under ``identity`` may be answered for the claimed sender.

    Raises:
        HandshakeRefused: a first contact for which the relay does not vouch;
            or the relay vouches for yet another identity, or another sender.
    """
    pinned = arrival.pin.identity
    if identity == pinned:
        return True
    vouched = arrival.is_vouched_as(identity)
    if vouched:
        return pinned is None
    if pinned is None or arrival.delivery.vouched is not None:
        raise HandshakeRefused("the relay does not vouch for its identity")
    return False


def _begin(tx: Transaction, arrival: Arrival, handshake: HandshakeHeader) -> Session:
    prekeys_named = _prekeys_of(tx, handshake)
    sender = arrival.payload.sender
    session = accept_session(arrival.own.device, sender, handshake, prekeys_named)
    if handshakes.was_accepted(tx, session.associated_data):
        raise HandshakeReplayed
    return session


def _prekeys_of(tx: Transaction, handshake: HandshakeHeader) -> HandshakePrekeys:
    one_time = handshake.kem_kind is KemKind.ONE_TIME
    kind = PrekeyKind.ONE_TIME if one_time else PrekeyKind.LAST_RESORT
    signed = prekeys.private_half(tx, PrekeyKind.SIGNED, handshake.signed_prekey_id)
    kem = prekeys.private_half(tx, kind, handshake.kem_id)
    if signed is None or kem is None:
        raise PrekeysGone
    if not one_time:
        return HandshakePrekeys(CurvePrivateKey(signed), KemSeed(kem), None)
    pair = OneTimePrivate.from_bytes(kem)
    return HandshakePrekeys(CurvePrivateKey(signed), pair.kem, pair.curve)
