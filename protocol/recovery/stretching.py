"""From a password to the OPRF's input, at a price per guess.

The price is for one adversary alone: t vaults together with the storage, who can
guess offline. Everybody else is stopped by the vaults' counts.

Spec: docs/recovery.md#stretching, RFC 9106 (Argon2id)
"""

import unicodedata
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, Self

from nacl import bindings
from nacl.exceptions import CryptoError

from protocol.limits import (
    LEAST_STRETCHING_MEMORY_BYTES,
    LEAST_STRETCHING_PASSES,
    MOST_STRETCHING_MEMORY_BYTES,
    MOST_STRETCHING_PASSES,
)
from protocol.packing import U8, U32, Binary
from protocol.recovery.errors import NotEnoughMemory, UnusablePassword
from protocol.recovery.oprf import OprfInput
from protocol.secret import Secret

SALT_BYTES: Final = 16

_INPUT_BYTES: Final = 32


class Password(Secret):
    """What the user typed, as UTF-8."""

    __slots__ = ()
    SIZE: ClassVar[int | None] = None

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Take a typed password, in the one form (NFC) that all keyboards' variants come to.

        Raises:
            UnusablePassword: it is empty, or holds half of a character.
        """
        usable = bool(text) and not any("\ud800" <= each <= "\udfff" for each in text)
        if not usable:
            raise UnusablePassword
        return cls(unicodedata.normalize("NFC", text).encode())


@dataclass(frozen=True, slots=True)
class Stretching:
    """Argon2id's salt and costs, as they stand in the slot. No vault learns the salt."""

    salt: Annotated[bytes, Binary(SALT_BYTES, SALT_BYTES)]
    memory_bytes: U32 = LEAST_STRETCHING_MEMORY_BYTES
    passes: U8 = LEAST_STRETCHING_PASSES

    def in_range(self) -> bool:
        """Tell whether the costs are neither a gift to a thief nor a trap for this machine."""
        memory_fits = (
            LEAST_STRETCHING_MEMORY_BYTES <= self.memory_bytes <= MOST_STRETCHING_MEMORY_BYTES
        )
        return memory_fits and LEAST_STRETCHING_PASSES <= self.passes <= MOST_STRETCHING_PASSES


def stretch(password: Password, stretching: Stretching) -> OprfInput:
    """Derive what goes into the OPRF.

    Args:
        stretching: in range; :mod:`protocol.recovery.record` refuses records with other costs.

    Raises:
        NotEnoughMemory: this machine did not give it.
    Cost: 64 MiB and 0.1 s at the least costs. Blocks: run it beside the event loop.
    """
    try:
        stretched = bindings.crypto_pwhash_alg(
            _INPUT_BYTES,
            password.expose(),
            stretching.salt,
            stretching.passes,
            stretching.memory_bytes,
            bindings.crypto_pwhash_ALG_ARGON2ID13,
        )
    except (CryptoError, MemoryError):
        stretched = None
    # Outside the handler: the exception's traceback holds the password.
    if stretched is None:
        raise NotEnoughMemory(stretching.memory_bytes)
    return OprfInput(stretched)
