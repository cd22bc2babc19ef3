"""The profile key, and the delivery token that is derived from it.

    profile key (32 random bytes)     told to contacts, end-to-end encrypted
        │ HKDF
    delivery token (16 bytes)         shown by whoever submits without a name
        │ SHA-256
    32 bytes                          all that the relay keeps, to compare

Who holds the token may write to the key's owner on a connection where nobody is
logged in: so the relay sees that it is welcome, and not who it is. To take the
permission away the owner draws a new key and tells everybody else.

Spec: docs/protocol.md#delivery-token
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from protocol.kdf import hkdf
from protocol.labels import Label
from protocol.packing import Binary
from protocol.randomness import RandomBytes
from protocol.secret import Secret

_SALT: Final = bytes(32)


class ProfileKey(Secret):
    """What an account shares with its contacts, 32 bytes."""

    __slots__ = ()

    @classmethod
    def generate(cls, random_bytes: RandomBytes) -> "ProfileKey":
        """Draw a new one."""
        return cls(random_bytes(32))


class DeliveryToken(Secret):
    """Permission to write to an account without a name, 16 bytes; the relay sees it in use."""

    __slots__ = ()
    SIZE: ClassVar[int | None] = 16


def delivery_token(key: ProfileKey) -> DeliveryToken:
    """Derive the token of the key's owner."""
    return DeliveryToken(hkdf(_SALT, key.expose(), Label.DELIVERY_TOKEN.value, 16))


@dataclass(frozen=True, slots=True)
class ProfileKeyShape:
    """A profile key inside a packed class: bytes in the message, a Secret everywhere else."""

    def pack(self, value: ProfileKey) -> bytes:
        """Give the bytes to be encrypted."""
        return value.expose()

    def unpack(self, plain: Any) -> ProfileKey:
        """Take 32 bytes, or raise WireError."""
        return ProfileKey(_BYTES.unpack(plain))

    def describe(self) -> str:
        """Name the shape."""
        return _BYTES.describe()


_BYTES: Final = Binary(32, 32)
