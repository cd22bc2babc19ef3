"""What a ratchet message says in the clear, and the layout of the whole message.

    offset  size
         0     1  version = 1
         1     1  flags: 1 handshake header, 2 KEM key, 4 KEM ciphertext
         2    16  session id
        18    32  ratchet key (X25519)
        50     4  previous chain length
        54     4  index in its chain, from 0; 0xFFFFFFFF is refused
        58  1184  attached KEM key             if flag 2          ┐
         .  1088  KEM ciphertext               if flag 4          │ header
         .  1161  handshake header             if flag 1          ┘
         .    12  nonce                                           ┐ body
         .   n+16 ciphertext and tag                              ┘

"In the clear" means within the sealed envelope: the relay sees none of it. The
body authenticates the header; until it has opened, nothing here is believed.

Spec: docs/protocol.md#ratchet-message
"""

import struct
from dataclasses import dataclass
from typing import NamedTuple

from protocol.e2ee.handshake_header import HANDSHAKE_HEADER_BYTES, HandshakeHeader
from protocol.e2ee.ratchet.kem_fields import NO_KEM_FIELDS, KemFields
from protocol.errors import UnsupportedVersion, WireError
from protocol.ids import SessionId
from protocol.limits import MAX_CHAIN_MESSAGES, MAX_ENVELOPE_BYTES
from protocol.records import KEM_CIPHERTEXT_BYTES, KEM_PUBLIC_BYTES

MESSAGE_VERSION = 1
NONCE_BYTES = 12
TAG_BYTES = 16

_FIXED = struct.Struct(">BB16s32sII")

_HANDSHAKE, _KEM_KEY, _KEM_CIPHERTEXT = 1, 2, 4
_ALL_FLAGS = _HANDSHAKE | _KEM_KEY | _KEM_CIPHERTEXT


@dataclass(frozen=True, slots=True)
class RatchetHeader:
    """The header of one ratchet message."""

    session_id: SessionId
    ratchet_key: bytes
    previous_count: int
    index: int
    kem: KemFields = NO_KEM_FIELDS
    handshake: HandshakeHeader | None = None

    def encode(self) -> bytes:
        """Give the bytes of the layout above, without the body."""
        fixed = _FIXED.pack(
            MESSAGE_VERSION,
            self._flags(),
            self.session_id,
            self.ratchet_key,
            self.previous_count,
            self.index,
        )
        handshake = b"" if self.handshake is None else self.handshake.encode()
        return b"".join((fixed, *self.kem, handshake))

    def _flags(self) -> int:
        return (
            (0 if self.handshake is None else _HANDSHAKE)
            | (_KEM_KEY if self.kem.attached_key else 0)
            | (_KEM_CIPHERTEXT if self.kem.ciphertext else 0)
        )


class RatchetMessage(NamedTuple):
    """A message taken apart; ``header_bytes`` is what the body authenticates."""

    header: RatchetHeader
    header_bytes: bytes
    body: bytes


def split_untrusted(message: bytes) -> RatchetMessage:
    """Take a ratchet message apart. Nothing in it is authenticated yet.

    Raises:
        WireError: size or flags are wrong, or the index is one no chain reaches.
        UnsupportedVersion: the version is not 1.
    Cost: linear in the size, which is at most MAX_ENVELOPE_BYTES.
    """
    if not _FIXED.size <= len(message) <= MAX_ENVELOPE_BYTES:
        raise WireError("not the size of a ratchet message")
    version, flags, session_id, ratchet_key, previous_count, index = _FIXED.unpack_from(message)
    if version != MESSAGE_VERSION:
        raise UnsupportedVersion("ratchet message", version)
    if flags & ~_ALL_FLAGS:
        raise WireError("a ratchet message with unknown flags")
    if index >= MAX_CHAIN_MESSAGES:
        raise WireError("a ratchet message beyond the end of its chain")
    rest = _Cursor(message, _FIXED.size)
    kem = KemFields(
        rest.take(KEM_PUBLIC_BYTES) if flags & _KEM_KEY else b"",
        rest.take(KEM_CIPHERTEXT_BYTES) if flags & _KEM_CIPHERTEXT else b"",
    )
    handshake = (
        HandshakeHeader.decode_untrusted(rest.take(HANDSHAKE_HEADER_BYTES))
        if flags & _HANDSHAKE
        else None
    )
    if len(message) - rest.offset < NONCE_BYTES + TAG_BYTES:
        raise WireError("a ratchet message without a whole body")
    header = RatchetHeader(
        SessionId(session_id),
        ratchet_key,
        previous_count,
        index,
        kem,
        handshake,
    )
    return RatchetMessage(header, message[: rest.offset], message[rest.offset :])


class _Cursor:
    """Takes optional parts off a message; a part cut short is noticed with the body."""

    __slots__ = ("_data", "offset")

    def __init__(self, data: bytes, offset: int) -> None:
        self._data = data
        self.offset = offset

    def take(self, size: int) -> bytes:
        part = self._data[self.offset : self.offset + size]
        self.offset += size
        return part
