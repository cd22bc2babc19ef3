"""The handshake header: all that the responder needs from the initiator.

    offset  size
         0    32  initiator's identity (Ed25519)
        32    32  ephemeral key (X25519)
        64     4  signed prekey id
        68     1  KEM prekey kind: 0 last resort, 1 one-time pair
        69     4  KEM prekey id (and one-time X25519 id: a pair has one id)
        73  1088  KEM ciphertext

It stands in every ratchet message that the initiator sends until it has opened
an answer. By itself it proves nothing: only the first ratchet message that
opens under the agreed key shows who made it.

Spec: docs/protocol.md#handshake
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

from protocol.errors import WireError
from protocol.records import KEM_CIPHERTEXT_BYTES

_LAYOUT = struct.Struct(f">32s32sIBI{KEM_CIPHERTEXT_BYTES}s")
HANDSHAKE_HEADER_BYTES = _LAYOUT.size


class KemKind(IntEnum):
    """Which of the responder's KEM prekeys was used."""

    LAST_RESORT = 0
    ONE_TIME = 1


@dataclass(frozen=True, slots=True)
class HandshakeHeader:
    """Public parts of a handshake, initiator to responder."""

    identity: bytes
    ephemeral_key: bytes
    signed_prekey_id: int
    kem_kind: KemKind
    kem_id: int
    kem_ciphertext: bytes

    def encode(self) -> bytes:
        """Give the 1,161 bytes of the layout above."""
        return _LAYOUT.pack(
            self.identity,
            self.ephemeral_key,
            self.signed_prekey_id,
            self.kem_kind,
            self.kem_id,
            self.kem_ciphertext,
        )

    @classmethod
    def decode_untrusted(cls, data: bytes) -> Self:
        """Read the layout above.

        Raises:
            WireError: not 1,161 bytes, or no such KEM prekey kind.
        """
        if len(data) != HANDSHAKE_HEADER_BYTES:
            raise WireError("not the size of a handshake header")
        identity, ephemeral, signed_id, kind, kem_id, ciphertext = _LAYOUT.unpack(data)
        if kind not in tuple(KemKind):
            raise WireError("no such kind of KEM prekey")
        return cls(identity, ephemeral, signed_id, KemKind(kind), kem_id, ciphertext)
