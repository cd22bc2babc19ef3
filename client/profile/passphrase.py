"""From a passphrase to a key, at a price that slows guessing down.

Spec: docs/formats.md#profilekey, RFC 9106 (Argon2id)
"""

import unicodedata
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, Self

from nacl import bindings
from nacl.exceptions import CryptoError

from client.errors import LocalError
from protocol.packing import U8, Binary, Unsigned
from protocol.secret import Secret

SALT_BYTES: Final = 16

_MIB: Final = 1 << 20
_KEY_BYTES: Final = 32

# Below: guessing costs next to nothing. Above: a damaged or hostile file eats all memory or a day.
LEAST_MEMORY_BYTES: Final = 8 * _MIB
MOST_MEMORY_BYTES: Final = 1_024 * _MIB
MOST_PASSES: Final = 16


class Passphrase(Secret):
    """What the user typed, as UTF-8."""

    __slots__ = ()
    SIZE: ClassVar[int | None] = None

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Take a typed passphrase.

        Keyboards differ in whether "ä" is one character or two; both are put
        into one form (NFC), or the same passphrase would not open everywhere.

        Raises:
            LocalError: it is empty, or not text (half of a character).
        """
        if not text:
            raise LocalError(
                "An empty passphrase protects nothing.",
                hint="Type a passphrase, or say --no-passphrase.",
            )
        try:
            return cls(unicodedata.normalize("NFC", text).encode())
        except UnicodeEncodeError as error:
            raise LocalError(
                "The passphrase is not valid text.", hint="Type it again, or store it as UTF-8."
            ) from error


class PassphraseKey(Secret):
    """Wraps the database key; made from the passphrase, stored nowhere."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Stretching:
    """How a passphrase becomes a key: Argon2id's salt and costs, as the file holds them."""

    salt: Annotated[bytes, Binary(SALT_BYTES, SALT_BYTES)]
    memory_bytes: Annotated[int, Unsigned(32)] = 64 * _MIB
    passes: U8 = 3

    def in_range(self) -> bool:
        """Tell whether the costs are neither a gift to a thief nor a trap for this machine."""
        memory_fits = LEAST_MEMORY_BYTES <= self.memory_bytes <= MOST_MEMORY_BYTES
        return memory_fits and 1 <= self.passes <= MOST_PASSES


def stretch(passphrase: Passphrase, stretching: Stretching) -> PassphraseKey:
    """Derive the key of ``passphrase``.

    Args:
        stretching: in range, see :meth:`Stretching.in_range`; checked by who read it.

    Raises:
        LocalError: this machine has not that much memory.
    Cost: 64 MiB and 0.1 s with the costs of a new file.
    """
    try:
        key = bindings.crypto_pwhash_alg(
            _KEY_BYTES,
            passphrase.expose(),
            stretching.salt,
            stretching.passes,
            stretching.memory_bytes,
            bindings.crypto_pwhash_ALG_ARGON2ID13,
        )
    except (CryptoError, MemoryError) as error:
        raise LocalError(
            f"Checking the passphrase needs {stretching.memory_bytes // _MIB} MiB of memory.",
            why="This machine did not give that much.",
            hint="Close other programs and try again.",
        ) from error
    return PassphraseKey(key)
