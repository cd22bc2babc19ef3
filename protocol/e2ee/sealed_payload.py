"""The sealed payload: what the recipient finds in an envelope, sender first.

    offset  size
         0     1  version = 1
         1     1  kind: 1 ratchet message
         2     4  sender device
         6     1  length of the sender name
         7     n  sender name (ASCII)
       7+n    16  sender's tag
      23+n     .  ratchet message

The name is a claim. The tag (:mod:`protocol.e2ee.sender_tag`) shows that it is
the sender's own; what proves it is the session that opens the message.

Spec: docs/protocol.md#sealed-envelope
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Self

from protocol.errors import InvalidName, UnsupportedVersion, WireError
from protocol.ids import DeviceAddress, Name, parse_name

PAYLOAD_VERSION: Final = 1
TAG_BYTES: Final = 16

_FIXED = struct.Struct(">BBIB")


class PayloadKind(IntEnum):
    """What a sealed payload carries."""

    RATCHET_MESSAGE = 1


@dataclass(frozen=True, slots=True)
class SealedPayload:
    """Who claims to have sent what.

    Args:
        tag: 16 bytes, made over all the others.
    """

    sender: DeviceAddress
    kind: PayloadKind
    tag: bytes
    body: bytes

    def encode(self) -> bytes:
        """Give the bytes of the layout above."""
        name = self.sender.name.encode()
        fixed = _FIXED.pack(PAYLOAD_VERSION, self.kind, self.sender.device, len(name))
        return fixed + name + self.tag + self.body

    @classmethod
    def decode_untrusted(cls, data: bytes) -> Self:
        """Read the layout above.

        Raises:
            WireError: cut short, or the sender's name is none.
            UnsupportedVersion: a newer version or kind.
        """
        if len(data) < _FIXED.size:
            raise WireError("a sealed payload that is cut short")
        version, kind, device, name_size = _FIXED.unpack_from(data)
        if version != PAYLOAD_VERSION:
            raise UnsupportedVersion("sealed payload", version)
        if kind not in tuple(PayloadKind):
            raise UnsupportedVersion("sealed payload kind", kind)
        name, rest = data[_FIXED.size :][:name_size], data[_FIXED.size + name_size :]
        if len(name) != name_size or len(rest) < TAG_BYTES:
            raise WireError("a sealed payload that is cut short")
        sender = DeviceAddress(_name_untrusted(name), device)
        return cls(sender, PayloadKind(kind), rest[:TAG_BYTES], rest[TAG_BYTES:])


def _name_untrusted(raw: bytes) -> Name:
    try:
        return parse_name(raw.decode("ascii"))
    except (InvalidName, UnicodeDecodeError) as error:
        raise WireError("a sender name that is none") from error
