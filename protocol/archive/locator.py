"""Where a backup lies on a relay: 16 random bytes from which the ids of all its blobs follow.

A relay knows blobs by random ids and lists nothing to whoever does not hold their write secret.
Who has the locator finds every object whose path is known, ``keyring`` and ``head`` first; who has
not finds none and cannot tell which blobs belong together. It is written down with the 64 digits
and opens nothing by itself.

Spec: docs/formats.md#on-a-relay
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from protocol.encoding import encode_fields
from protocol.errors import BadLocator
from protocol.ids import BLOB_ID_BYTES, BlobId
from protocol.kdf import hkdf
from protocol.labels import Label
from protocol.randomness import RandomBytes

LOCATOR_BYTES: Final = 16

# Crockford's base32: no letter that looks like another one, or like a digit.
_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_LOOKALIKES: Final = str.maketrans("oil", "011", " -")
_CHARS: Final = 28
_GROUP: Final = 4
_CHECK_BITS: Final = _CHARS * 5 - LOCATOR_BYTES * 8
_SALT: Final = bytes(32)


@dataclass(frozen=True, slots=True)
class Locator:
    """16 random bytes; ``str`` gives the form that a person types."""

    raw: bytes

    @classmethod
    def generate(cls, random_bytes: RandomBytes) -> "Locator":
        """Draw a new one."""
        return cls(random_bytes(LOCATOR_BYTES))

    def blob_id(self, path: str, turn: int = 0) -> BlobId:
        """Give the id of the blob of ``path``.

        Args:
            turn: 0 or 1 for what is replaced, which alternates; else 0.
        """
        info = encode_fields(Label.RELAY_BLOB, path.encode(), bytes([turn]))
        return BlobId(hkdf(_SALT, self.raw, info, BLOB_ID_BYTES))

    def __str__(self) -> str:
        number = int.from_bytes(self.raw) << _CHECK_BITS | _check(self.raw)
        chars = [_ALPHABET[number >> 5 * place & 31] for place in reversed(range(_CHARS))]
        text = "".join(chars)
        return "-".join(text[at : at + _GROUP] for at in range(0, _CHARS, _GROUP))


def parse_locator(text: str) -> Locator:
    """Read what a person typed; case, blanks and hyphens do not matter.

    Raises:
        BadLocator: a typo, or no locator at all.
    """
    chars = text.strip().lower().translate(_LOOKALIKES)
    if len(chars) != _CHARS:
        raise BadLocator(f"it has {len(chars)} letters and digits instead of {_CHARS}")
    number = 0
    for char in chars:
        if char not in _ALPHABET:
            raise BadLocator("there is something in it that no locator has")
        number = number << 5 | _ALPHABET.index(char)
    raw = (number >> _CHECK_BITS).to_bytes(LOCATOR_BYTES)
    if number & (1 << _CHECK_BITS) - 1 != _check(raw):
        raise BadLocator("a letter or digit of it is wrong")
    return Locator(raw)


def _check(raw: bytes) -> int:
    return int.from_bytes(hashlib.sha256(raw).digest()[:2]) >> 16 - _CHECK_BITS
