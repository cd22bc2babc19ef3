"""The injective encoding of whatever is signed or hashed, and big-endian integers.

Spec: docs/protocol.md#conventions
"""

import struct

from protocol.labels import Label


def u16(value: int) -> bytes:
    """Give ``value`` as 2 bytes, big-endian."""
    return struct.pack(">H", value)


def u32(value: int) -> bytes:
    """Give ``value`` as 4 bytes, big-endian."""
    return struct.pack(">I", value)


def u64(value: int) -> bytes:
    """Give ``value`` as 8 bytes, big-endian."""
    return struct.pack(">Q", value)


def encode_fields(label: Label, *fields: bytes) -> bytes:
    """Join ``fields`` so that no two different lists give the same bytes.

    ``u8(len label) || label || (u32(len f) || f) for each f``
    """
    parts = [bytes([len(label)]), label.value]
    for field in fields:
        parts += (u32(len(field)), field)
    return b"".join(parts)
