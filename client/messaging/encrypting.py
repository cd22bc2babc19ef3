"""Content into an envelope, on the session with the peer.

The new session state is written in the transaction that stores the envelope:
there is no moment at which a message key could be used for a second plaintext.

Spec: docs/protocol.md#sessions, docs/protocol.md#sealed-envelope
"""

from dataclasses import dataclass

from client.store import account, contacts, peer_keys, sessions, settings
from client.store.transaction import Transaction
from client.values import Surroundings
from protocol.e2ee.retry import message_digest
from protocol.e2ee.sealed import seal
from protocol.e2ee.sender_tag import Correspondent, tagged_payload
from protocol.e2ee.session import Session, encrypt
from protocol.ids import Name, SessionId
from protocol.limits import PREKEY_ROTATION_MS, UNANSWERED_SESSION_LIFE_MS
from protocol.randomness import RandomBytes
from protocol.records import SignedSealingKey


@dataclass(frozen=True, slots=True)
class Route:
    """All that a message to a peer needs."""

    session: Session
    sealing_key: SignedSealingKey


@dataclass(frozen=True, slots=True)
class Encrypted:
    """A message ready to go: the envelope, what is in it (without padding), and its digest."""

    envelope: bytes
    payload: bytes
    digest: bytes


def route_to(tx: Transaction, peer: Name) -> Route | None:
    """Give the way to ``peer``, or None.

    There is none while a key is missing, the user has to decide, or ``peer`` is blocked.
    """
    pin = contacts.find(tx, peer)
    if pin.blocked or pin.pending_identity is not None:
        return None
    session = sessions.to_send_on(tx, peer)
    sealing_key = peer_keys.find(tx, peer).sealing_key
    if session is None or sealing_key is None:
        return None
    return Route(session, sealing_key)


def is_stale(tx: Transaction, peer: Name, surroundings: Surroundings) -> bool:
    """Tell whether a key of the peer is missing, or too old for another message.

    The relay said then that it was the present one, so its private half lives
    for 35 days from then: two of them leave enough for the outbox and the
    relay. A fetch in the future was dated by a clock that was wrong.
    """
    keys = peer_keys.find(tx, peer)
    age_ms = present_ms(tx, surroundings) - keys.fetched_at_ms
    is_fresh = keys.sealing_key is not None and 0 <= age_ms <= PREKEY_ROTATION_MS
    return not is_fresh or bool(never_answered(tx, peer))


def never_answered(tx: Transaction, peer: Name) -> list[SessionId]:
    """Give the sessions we opened too long ago to go on without an answer.

    Their messages repeat the handshake, and the prekeys it names live for 35
    days from then. Both times are the relay's: by ours, a clock set wrong would
    open a session after the other.
    """
    before_ms = settings.relay_clock_ms(tx) - UNANSWERED_SESSION_LIFE_MS
    return sessions.unanswered(tx, peer, before_ms)


def present_ms(tx: Transaction, surroundings: Surroundings) -> int:
    """Give the later of the two clocks: for what may happen too early, but not too late.

    The relay's stands still while we are offline, ours may be set wrong.
    """
    return max(settings.relay_clock_ms(tx), surroundings.now_ms())


def encrypt_on(
    tx: Transaction, route: Route, content: bytes, random_bytes: RandomBytes
) -> Encrypted:
    """Encrypt ``content`` as the next message of the session, and store the session's new state.

    The caller stores the envelope in the same transaction.
    """
    session, message = encrypt(route.session, content, random_bytes)
    sessions.update(tx, session)
    to = Correspondent(session.peer, session.peer_identity)
    payload = tagged_payload(account.get(tx).device, to, message)
    padding = settings.padding(tx)
    envelope = seal(payload, session.peer, session.peer_identity, route.sealing_key, padding)
    return Encrypted(envelope, payload.encode(), message_digest(message))
