"""A session as bytes for the client's encrypted store, and back.

    u8(version = 1) || strict msgpack of StoredSession

Skipped keys are one string of fixed rows (ratchet key, index, since, message
key), the oldest first: 2,000 of them are read in about 2 ms.

This is the only way by which a session's secrets leave memory.

Spec: docs/protocol.md#ratchet (what a state is; this encoding is our own)
"""

import struct
from dataclasses import dataclass
from typing import Annotated, Final

from protocol.e2ee.curve import CurvePrivateKey
from protocol.e2ee.handshake_header import HANDSHAKE_HEADER_BYTES, HandshakeHeader
from protocol.e2ee.ratchet.chain import ChainKey, MessageKey, ReceivingChain, SendingChain
from protocol.e2ee.ratchet.root import RootKey
from protocol.e2ee.ratchet.skipped import KeptKey, Place, SkippedKeys, skipped_keys_of
from protocol.e2ee.ratchet.state import RatchetState
from protocol.e2ee.session import Role, Session
from protocol.errors import DamagedState, WireError
from protocol.ids import IDENTIFIER_BYTES, DeviceAddress, SessionId
from protocol.limits import MAX_SKIPPED_KEYS
from protocol.packing import U8, U32, Binary, Key32, NameText, pack, unpack_untrusted

STORED_VERSION: Final = 1

_ROW = struct.Struct(">32sIQ32s")
_MOST_BYTES = _ROW.size * MAX_SKIPPED_KEYS + 4_096

SessionIdBytes = Annotated[bytes, Binary(IDENTIFIER_BYTES, IDENTIFIER_BYTES)]
HandshakeBytes = Annotated[bytes, Binary(HANDSHAKE_HEADER_BYTES, HANDSHAKE_HEADER_BYTES)]
Rows = Annotated[bytes, Binary(0, _ROW.size * MAX_SKIPPED_KEYS)]


@dataclass(frozen=True, slots=True, repr=False)
class StoredSending:
    """A sending chain, keys bare."""

    ratchet_key: Key32
    key: Key32
    previous_count: U32
    count: U32


@dataclass(frozen=True, slots=True, repr=False)
class StoredReceiving:
    """A receiving chain, keys bare."""

    ratchet_key: Key32
    key: Key32
    index: U32


@dataclass(frozen=True, slots=True, repr=False)
class StoredRatchet:
    """A ratchet state, keys bare."""

    root: Key32
    our_private: Key32 | None
    their_key: Key32 | None
    sending: StoredSending | None
    receiving: StoredReceiving | None
    previous_count: U32
    skipped: Rows


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
        _store_ratchet(session.ratchet),
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
        _restore_ratchet(stored.ratchet),
        None if handshake is None else HandshakeHeader.decode_untrusted(handshake),
    )


def _store_ratchet(state: RatchetState) -> StoredRatchet:
    return StoredRatchet(
        state.root.expose(),
        None if state.our_private is None else state.our_private.expose(),
        state.their_key,
        None if state.sending is None else _store_sending(state.sending),
        None if state.receiving is None else _store_receiving(state.receiving),
        state.previous_count,
        _store_skipped(state.skipped),
    )


def _restore_ratchet(stored: StoredRatchet) -> RatchetState:
    return RatchetState(
        RootKey(stored.root),
        None if stored.our_private is None else CurvePrivateKey(stored.our_private),
        stored.their_key,
        None if stored.sending is None else _restore_sending(stored.sending),
        None if stored.receiving is None else _restore_receiving(stored.receiving),
        stored.previous_count,
        _restore_skipped(stored.skipped),
    )


def _store_sending(chain: SendingChain) -> StoredSending:
    return StoredSending(chain.ratchet_key, chain.key.expose(), chain.previous_count, chain.count)


def _restore_sending(stored: StoredSending) -> SendingChain:
    key = ChainKey(stored.key)
    return SendingChain(stored.ratchet_key, key, stored.previous_count, stored.count)


def _store_receiving(chain: ReceivingChain) -> StoredReceiving:
    return StoredReceiving(chain.ratchet_key, chain.key.expose(), chain.index)


def _restore_receiving(stored: StoredReceiving) -> ReceivingChain:
    return ReceivingChain(stored.ratchet_key, ChainKey(stored.key), stored.index)


def _store_skipped(skipped: SkippedKeys) -> bytes:
    return b"".join(
        _ROW.pack(place.ratchet_key, place.position, kept.since_ms, kept.key.expose())
        for place, kept in skipped.entries.items()
    )


def _restore_skipped(rows: bytes) -> SkippedKeys:
    if len(rows) % _ROW.size:
        raise WireError("a row of skipped keys that is cut short")
    return skipped_keys_of(
        (Place(ratchet_key, index), KeptKey(MessageKey(key), since_ms))
        for ratchet_key, index, since_ms, key in _ROW.iter_unpack(rows)
    )
