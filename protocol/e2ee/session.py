"""A session: one ratchet with one peer device, and who that device is.

    start_session ──▶ ESTABLISHING ──── opened an answer ────▶ ESTABLISHED
                      each message repeats the handshake

    accept_session ──▶ UNPROVEN ──── opened the first message ────▶ ESTABLISHED
                      keep nothing before that

Every function takes a session and gives the next one; on any error the caller
keeps what it has. Where sessions are stored, which identity is trusted, and
whether a handshake was accepted before, is the client's business.

Spec: docs/protocol.md#sessions
"""

from dataclasses import dataclass, replace
from enum import IntEnum

from protocol.e2ee.handshake import HandshakePrekeys, HandshakeSecret, initiate, respond
from protocol.e2ee.handshake_header import HandshakeHeader
from protocol.e2ee.identity import LocalDevice
from protocol.e2ee.ratchet import ratchet
from protocol.e2ee.ratchet.header import RatchetHeader, split_untrusted
from protocol.e2ee.ratchet.root import RootKey
from protocol.e2ee.ratchet.state import RatchetState, initiator_state, responder_state
from protocol.errors import UnknownSession
from protocol.ids import DeviceAddress, SessionId
from protocol.randomness import RandomBytes
from protocol.records import PrekeyBundle


class Role(IntEnum):
    """Who began."""

    INITIATOR = 1
    RESPONDER = 2


@dataclass(frozen=True, slots=True)
class Session:
    """An encrypted conversation with one peer device.

    Args:
        session_id: names it in every message.
        peer: the device it belongs to; the sealed payload must name the same.
        peer_identity: the Ed25519 key that the handshake proved, 32 bytes.
        associated_data: the handshake's transcript hash, 32 bytes.
        pending_handshake: repeats in each message until an answer has opened.
    """

    session_id: SessionId
    peer: DeviceAddress
    peer_identity: bytes
    our_role: Role
    associated_data: bytes
    ratchet: RatchetState
    pending_handshake: HandshakeHeader | None = None


def start_session(
    ours: LocalDevice, peer: DeviceAddress, bundle: PrekeyBundle, random_bytes: RandomBytes
) -> Session:
    """Begin a session with a device from its bundle; it need not be online.

    The KEM ciphertext comes from the library's own randomness.

    Args:
        bundle: already verified (:func:`protocol.e2ee.prekeys.verify_bundle`),
            and its identity compared with the pin: both need what only the
            caller knows.

    Raises:
        BadPublicKey: a key in the bundle is not usable.
    """
    header, result = initiate(ours, peer, bundle, random_bytes)
    return Session(
        session_id=result.session_id,
        peer=peer,
        peer_identity=bundle.identity,
        our_role=Role.INITIATOR,
        associated_data=result.associated_data,
        ratchet=initiator_state(_first_root(result.shared_secret), bundle.signed_prekey.key),
        pending_handshake=header,
    )


def accept_session(
    ours: LocalDevice, peer: DeviceAddress, header: HandshakeHeader, prekeys: HandshakePrekeys
) -> Session:
    """Answer a handshake. The session is proven once :func:`decrypt` opens its message.

    Store nothing before that. In the transaction that stores it the one-time
    pair dies, and ``associated_data`` joins the handshakes already accepted.

    Args:
        peer: the sender as the sealed payload names it.
        header: not authenticated; its identity must be compared with the pin.
        prekeys: the private halves the header names.

    Raises:
        HandshakeRefused: the header's KEM kind does not fit ``prekeys``.
        BadPublicKey: a key in the header is not usable.
    Cost: four X25519 operations and one decapsulation, under 1 ms.
    """
    result = respond(ours, peer, header, prekeys)
    return Session(
        session_id=result.session_id,
        peer=peer,
        peer_identity=header.identity,
        our_role=Role.RESPONDER,
        associated_data=result.associated_data,
        ratchet=responder_state(_first_root(result.shared_secret), prekeys.signed_prekey),
    )


def encrypt(session: Session, plaintext: bytes, random_bytes: RandomBytes) -> tuple[Session, bytes]:
    """Encrypt ``plaintext`` as the session's next message.

    The answer to a KEM key, now and then, comes from the library's own randomness.

    Returns:
        The next session, to be stored before the message leaves this device,
        and the ratchet message.

    Raises:
        NothingReceivedYet: the responder cannot speak first.
        ChainExhausted: nothing more can be sent until the peer has answered.
    """
    state, message = ratchet.encrypt(
        session.ratchet,
        session.session_id,
        session.associated_data,
        session.pending_handshake,
        plaintext,
        random_bytes,
    )
    return replace(session, ratchet=state), message


def decrypt(session: Session, message: bytes, now_ms: int) -> tuple[Session, bytes]:
    """Open a ratchet message of this session.

    Args:
        now_ms: the message's arrival at the relay.

    Returns:
        The next session and the plaintext.

    Raises:
        UnknownSession: the message belongs to another session.
        WireError, UnsupportedVersion: it is no ratchet message of version 1.
        KeyGone: it was opened before, or its key has expired.
        DecryptionFailed: it was changed or forged, or its chain is long gone.
        TooManySkipped, BadPublicKey, KemFieldsRefused: its header is refused.
    Cost: at most about 10 ms, whatever the header claims.
    """
    parts = split_untrusted(message)
    if parts.header.session_id != session.session_id:
        raise UnknownSession
    state, plaintext = ratchet.decrypt(session.ratchet, session.associated_data, parts, now_ms)
    return replace(session, ratchet=state, pending_handshake=None), plaintext


def expire_skipped(session: Session, now_ms: int) -> Session:
    """Drop skipped message keys whose time is over (relay time)."""
    state = ratchet.expire_skipped(session.ratchet, now_ms)
    return session if state is session.ratchet else replace(session, ratchet=state)


def redate_skipped(session: Session, latest_ms: int) -> Session:
    """Let skipped message keys dated ahead of ``latest_ms`` wait from then."""
    state = ratchet.redate_skipped(session.ratchet, latest_ms)
    return session if state is session.ratchet else replace(session, ratchet=state)


def peek_untrusted(message: bytes) -> RatchetHeader:
    """Read a ratchet message's header: which session, which handshake. Believe nothing.

    Raises:
        WireError, UnsupportedVersion: it is no ratchet message of version 1.
    """
    return split_untrusted(message).header


def _first_root(secret: HandshakeSecret) -> RootKey:
    return RootKey(secret.expose())
