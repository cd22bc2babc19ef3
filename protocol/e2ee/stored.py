"""A session as bytes for the client's encrypted store, and back.

    u8(version = 2) || strict msgpack of StoredSession

Version 1 knew no hybrid steps. Nothing was released with it, so it is refused
like any other version instead of being migrated.

This is the only way by which a session's secrets leave memory.

Spec: docs/protocol.md#sessions (what a session is; this encoding is our own)
"""

from dataclasses import dataclass
from typing import Annotated, Final

from protocol.e2ee.handshake_header import HANDSHAKE_HEADER_BYTES, HandshakeHeader
from protocol.e2ee.session import Role, Session
from protocol.e2ee.stored_ratchet import (
    MAX_RATCHET_BYTES,
    StoredRatchet,
    restore_ratchet,
    store_ratchet,
)
from protocol.errors import DamagedState, WireError
from protocol.ids import IDENTIFIER_BYTES, DeviceAddress, SessionId
from protocol.packing import U8, U32, Binary, Key32, NameText, pack, unpack_untrusted

STORED_VERSION: Final = 2

_MOST_BYTES = MAX_RATCHET_BYTES + 2_048

SessionIdBytes = Annotated[bytes, Binary(IDENTIFIER_BYTES, IDENTIFIER_BYTES)]
HandshakeBytes = Annotated[bytes, Binary(HANDSHAKE_HEADER_BYTES, HANDSHAKE_HEADER_BYTES)]


@dataclass(frozen=True, slots=True, repr=False)
class StoredSession:
    """A session, keys bare: it lives within the functions below only."""

    session_id: SessionIdBytes
    peer_name: NameText
    peer_device: U32
    peer_identity: Key32
    our_role: U8
    associated_data: Key32
    ratchet: StoredRatchet
    pending_handshake: HandshakeBytes | None


def pack_session(session: Session) -> bytes:
    """Give ``session`` as bytes. They hold its secrets: encrypt them at rest."""
    handshake = session.pending_handshake
    stored = StoredSession(
        session.session_id,
        session.peer.name,
        session.peer.device,
        session.peer_identity,
        session.our_role.value,
        session.associated_data,
        store_ratchet(session.ratchet),
        None if handshake is None else handshake.encode(),
    )
    return bytes([STORED_VERSION]) + pack(stored)


def unpack_session(stored: bytes) -> Session:
    """Read back what :func:`pack_session` gave.

    Raises:
        DamagedState: these bytes are no session, or of another version.
    """
    if stored[:1] != bytes([STORED_VERSION]):
        raise DamagedState("session")
    try:
        return _restore(unpack_untrusted(StoredSession, stored[1:], _MOST_BYTES))
    except (WireError, ValueError) as error:
        raise DamagedState("session") from error


def _restore(stored: StoredSession) -> Session:
    handshake = stored.pending_handshake
    return Session(
        SessionId(stored.session_id),
        DeviceAddress(stored.peer_name, stored.peer_device),
        stored.peer_identity,
        Role(stored.our_role),
        stored.associated_data,
        restore_ratchet(stored.ratchet),
        None if handshake is None else HandshakeHeader.decode_untrusted(handshake),
    )
