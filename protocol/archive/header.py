"""The 96 bytes in front of an object, and the cipher they stand for.

    offset  size
         0     8  "glparch", line feed
         8     1  version = 1
         9     1  kind
        10     6  zeros
        16    32  salt, drawn at each sealing
        48     8  padded length: u64
        56    32  key commitment
        88     8  zeros

Cipher key and commitment are derived together from the object's key, the salt
and the first 56 bytes. So a header that fits its key is proven before the first
chunk is read, and no ciphertext opens under two keys: ChaCha20-Poly1305 alone
would not promise that.

Spec: docs/formats.md#objects
"""

import hmac
import struct
from dataclasses import dataclass
from typing import Final, Self

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from protocol.archive.keys import ObjectKey
from protocol.archive.layout import ObjectKind
from protocol.archive.shape import MAX_PADDED_BYTES
from protocol.encoding import encode_fields
from protocol.errors import NotAnObject, ObjectNotOpened, UnsupportedVersion
from protocol.kdf import hkdf
from protocol.labels import Label
from protocol.randomness import RandomBytes

HEADER_BYTES: Final = 96
OBJECT_VERSION: Final = 1
SALT_BYTES: Final = 32

_MAGIC: Final = b"glparch\n"
_FRONT: Final = struct.Struct(">8sBB6x32sQ")
_COMMITMENT_BYTES: Final = 32
_RESERVED: Final = bytes(8)


@dataclass(frozen=True, slots=True)
class Front:
    """The header's first 56 bytes: all but the commitment."""

    kind: ObjectKind
    salt: bytes
    padded_bytes: int

    def encode(self) -> bytes:
        """Give the 56 bytes."""
        fields = (_MAGIC, OBJECT_VERSION, self.kind, self.salt, self.padded_bytes)
        return _FRONT.pack(*fields)

    @classmethod
    def decode_untrusted(cls, data: bytes, kind: ObjectKind) -> Self:
        """Read the front of an object that should be of ``kind``.

        Raises:
            NotAnObject: too short, of another kind, or malformed.
            UnsupportedVersion: a newer object.
        """
        if len(data) < _FRONT.size or data[: len(_MAGIC)] != _MAGIC:
            raise NotAnObject("it does not begin as one")
        _, version, kind_number, salt, padded_bytes = _FRONT.unpack_from(data)
        if version != OBJECT_VERSION:
            raise UnsupportedVersion("backup object", version)
        if kind_number != kind:
            raise NotAnObject(f"it is of kind {kind_number}, not {kind.value}")
        front = cls(kind, salt, padded_bytes)
        if front.encode() != data[: _FRONT.size] or not 0 < padded_bytes <= MAX_PADDED_BYTES:
            raise NotAnObject("its header is malformed")
        return front


def new_header(
    kind: ObjectKind, key: ObjectKey, padded_bytes: int, random_bytes: RandomBytes
) -> tuple[bytes, ChaCha20Poly1305]:
    """Draw a salt, and give header and cipher of a new object."""
    front = Front(kind, random_bytes(SALT_BYTES), padded_bytes)
    cipher, commitment = _derive(key, front)
    return front.encode() + commitment + _RESERVED, cipher


def open_header_untrusted(
    header: bytes, kind: ObjectKind, key: ObjectKey
) -> tuple[Front, ChaCha20Poly1305]:
    """Check that ``header`` was made under ``key``, and give what it says and the cipher.

    Raises:
        NotAnObject: it is no header of this kind.
        UnsupportedVersion: a newer object.
        ObjectNotOpened: it was changed, or is another object's.
    """
    front = Front.decode_untrusted(header, kind)
    commitment, reserved = header[_FRONT.size :][:_COMMITMENT_BYTES], header[-len(_RESERVED) :]
    if len(header) != HEADER_BYTES or reserved != _RESERVED:
        raise NotAnObject("its header is malformed")
    cipher, expected = _derive(key, front)
    if not hmac.compare_digest(commitment, expected):
        raise ObjectNotOpened
    return front, cipher


def _derive(key: ObjectKey, front: Front) -> tuple[ChaCha20Poly1305, bytes]:
    info = encode_fields(Label.ARCHIVE_OBJECT, front.encode())
    derived = hkdf(front.salt, key.expose(), info, 32 + _COMMITMENT_BYTES)
    return ChaCha20Poly1305(derived[:32]), derived[32:]
