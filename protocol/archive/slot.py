"""One slot of a keyring: 4,096 bytes, the root sealed to whoever has its secret.

    offset  size
         0     1  kind: 0 empty, 1 digits, 2 password
         1     1  zero
         2     2  length of the record: u16
         4  1216  public key: ML-KEM-768, then X25519
      1220  1708  record, then zeros
      2928  1168  seal: HPKE of the 32-byte root to the public key

An empty slot is zeros. The first 2,928 bytes are
the slot's *face*: public, and bound into every seal of the keyring.

Spec: docs/formats.md#keyring
"""

import struct
from dataclasses import dataclass
from typing import Final, Self

from protocol.archive.layout import SlotKind
from protocol.archive.slot_secret import SlotSecret, slot_key_pair
from protocol.e2ee.hpke import SEAL_OVERHEAD_BYTES, sealing_public_of
from protocol.errors import KeyringDamaged, TooLong
from protocol.limits import SLOT_BYTES
from protocol.records import SEALING_PUBLIC_BYTES

_FRONT: Final = struct.Struct(f">BxH{SEALING_PUBLIC_BYTES}s")
SEAL_BYTES: Final = SEAL_OVERHEAD_BYTES + 32
FACE_BYTES: Final = SLOT_BYTES - SEAL_BYTES
MAX_SLOT_RECORD_BYTES: Final = FACE_BYTES - _FRONT.size


@dataclass(frozen=True, slots=True)
class SlotRecord:
    """What a slot's secret needs to be found: of a password, salt, costs and vaults.

    Opaque here: who makes it reads it. Public, and authenticated only once the
    slot has opened.
    """

    packed: bytes = b""

    def __post_init__(self) -> None:
        """Refuse what does not fit.

        Raises:
            TooLong: over MAX_SLOT_RECORD_BYTES.
        """
        if len(self.packed) > MAX_SLOT_RECORD_BYTES:
            raise TooLong("slot record", len(self.packed), MAX_SLOT_RECORD_BYTES)


@dataclass(frozen=True, slots=True)
class SlotFace:
    """The public part of a slot: all that is needed to seal a root to it."""

    kind: int
    public: bytes
    record: SlotRecord

    def encode(self) -> bytes:
        """Give FACE_BYTES bytes."""
        packed = self.record.packed
        return (_FRONT.pack(self.kind, len(packed), self.public) + packed).ljust(FACE_BYTES, b"\0")

    @classmethod
    def decode_untrusted(cls, data: bytes) -> Self:
        """Read FACE_BYTES bytes.

        Raises:
            KeyringDamaged: they are not the one encoding of a face.
        """
        if len(data) != FACE_BYTES:
            raise KeyringDamaged("a slot is cut")
        kind, size, public = _FRONT.unpack_from(data)
        record = data[_FRONT.size :][:size]
        if size > MAX_SLOT_RECORD_BYTES:
            raise KeyringDamaged("a slot's record is longer than the slot")
        face = cls(kind, public, SlotRecord(record))
        if face.encode() != data or (kind == SlotKind.EMPTY and face != EMPTY_FACE):
            raise KeyringDamaged("a slot is malformed")
        return face


EMPTY_FACE: Final = SlotFace(SlotKind.EMPTY, bytes(SEALING_PUBLIC_BYTES), SlotRecord())


def make_face(
    kind: SlotKind, secret: SlotSecret, archive_id: bytes, record: SlotRecord
) -> SlotFace:
    """Make the public part of a new slot that ``secret`` opens."""
    public = sealing_public_of(slot_key_pair(secret, kind, archive_id))
    return SlotFace(kind, public, record)
