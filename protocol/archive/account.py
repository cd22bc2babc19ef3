"""The account key in an object of its own: what lets a new device take the name over.

    offset  size
         0     1  version = 1
         1     3  zeros
         4     4  generation: u32
         8     4  device: u32
        12     4  zeros
        16    32  name, then zeros
        48    32  account key: the Ed25519 seed
        80    48  zeros

Fixed, and apart from everything that strangers can lengthen. It is replaced at
each use of the key, so an older copy opens nothing that the relay still honours.

Spec: docs/formats.md#account-key
"""

import struct
from dataclasses import dataclass
from typing import Final, Self

from protocol.errors import InvalidName, UnsupportedVersion, WireError
from protocol.ids import DeviceAddress, parse_name
from protocol.signing import SigningKey

ACCOUNT_VERSION: Final = 1
_ACCOUNT: Final = struct.Struct(">B3xII4x32s32s48x")
ACCOUNT_BYTES: Final = _ACCOUNT.size


@dataclass(frozen=True, slots=True)
class AccountKeyRecord:
    """The key above a name's devices, and how often it was replaced."""

    generation: int
    owner: DeviceAddress
    key: SigningKey

    def encode(self) -> bytes:
        """Give ACCOUNT_BYTES bytes: they hold the key."""
        name = self.owner.name.encode()
        fields = (ACCOUNT_VERSION, self.generation, self.owner.device, name, self.key.expose())
        return _ACCOUNT.pack(*fields)

    @classmethod
    def decode_untrusted(cls, data: bytes) -> Self:
        """Read what :meth:`encode` gave.

        Raises:
            UnsupportedVersion: a newer record.
            WireError: it is malformed.
        """
        if len(data) != ACCOUNT_BYTES:
            raise WireError("not the size of an account key's record")
        version, generation, device, name, seed = _ACCOUNT.unpack(data)
        if version != ACCOUNT_VERSION:
            raise UnsupportedVersion("account key record", version)
        try:
            owner = DeviceAddress(parse_name(name.rstrip(b"\0").decode()), device)
        except (UnicodeDecodeError, InvalidName) as error:
            raise WireError("an account key's record without a name") from error
        record = cls(generation, owner, SigningKey(seed))
        if record.encode() != data:
            raise WireError("a malformed account key record")
        return record
