"""How long an object is, and where its chunks lie: arithmetic only.

    padded plaintext:  u64(content length) || content || zeros
    sealed object:     header (96) || chunk 0 || tag || ... || last chunk || tag

Every chunk but the last is full. Nonce = 11-byte counter || 1 in the last chunk,
else 0 (the STREAM construction, as in age): a chunk opens in its own place only,
and the end cannot move.

Spec: docs/formats.md#objects, Hoang et al., CRYPTO 2015 (STREAM)
"""

from dataclasses import dataclass
from typing import Final

from protocol.e2ee.padding import padme
from protocol.limits import MAX_OBJECT_BYTES, OBJECT_CHUNK_BYTES, OBJECT_FLOOR_BYTES

LENGTH_BYTES: Final = 8
TAG_BYTES: Final = 16
SEALED_CHUNK_BYTES: Final = OBJECT_CHUNK_BYTES + TAG_BYTES
_COUNTER_BYTES: Final = 11


def padded_size(content_bytes: int) -> int:
    """Give how long content of a size is with its length and its padding (Padmé)."""
    return padme(max(OBJECT_FLOOR_BYTES, LENGTH_BYTES + content_bytes))


MAX_PADDED_BYTES: Final = padded_size(MAX_OBJECT_BYTES)


@dataclass(frozen=True, slots=True)
class Chunks:
    """The chunks that a padded length of at least 1 makes."""

    padded_bytes: int

    @property
    def count(self) -> int:
        """How many there are."""
        return -(-self.padded_bytes // OBJECT_CHUNK_BYTES)

    def sealed_bytes(self, index: int) -> int:
        """Give the size of a chunk with its tag."""
        if index < self.count - 1:
            return SEALED_CHUNK_BYTES
        return self.padded_bytes - index * OBJECT_CHUNK_BYTES + TAG_BYTES

    def nonce(self, index: int) -> bytes:
        """Give the 12-byte nonce of a chunk."""
        return index.to_bytes(_COUNTER_BYTES) + bytes([index == self.count - 1])
