"""Private halves that come in twos, and their form in the client's store.

Spec: docs/protocol.md#keys
"""

from dataclasses import dataclass
from typing import Self

from protocol.e2ee.curve import CURVE_KEY_BYTES, CurvePrivateKey
from protocol.e2ee.kem import KEM_SEED_BYTES, KemSeed
from protocol.errors import DamagedState

_BOTH_BYTES = CURVE_KEY_BYTES + KEM_SEED_BYTES


@dataclass(frozen=True, slots=True)
class OneTimePrivate:
    """Private halves of a one-time pair; they die with the first message opened."""

    curve: CurvePrivateKey
    kem: KemSeed

    def to_bytes(self) -> bytes:
        """Give 96 bytes to store: X25519 key, then KEM seed."""
        return self.curve.expose() + self.kem.expose()

    @classmethod
    def from_bytes(cls, stored: bytes) -> Self:
        """Read back what :meth:`to_bytes` gave.

        Raises:
            DamagedState: not 96 bytes.
        """
        if len(stored) != _BOTH_BYTES:
            raise DamagedState("one-time pair")
        return cls(CurvePrivateKey(stored[:CURVE_KEY_BYTES]), KemSeed(stored[CURVE_KEY_BYTES:]))


@dataclass(frozen=True, slots=True)
class SealingPrivateKey:
    """Private halves of a sealing key: it opens every envelope made for it."""

    kem: KemSeed
    curve: CurvePrivateKey

    def to_bytes(self) -> bytes:
        """Give 96 bytes to store: KEM seed, then X25519 key."""
        return self.kem.expose() + self.curve.expose()

    @classmethod
    def from_bytes(cls, stored: bytes) -> Self:
        """Read back what :meth:`to_bytes` gave.

        Raises:
            DamagedState: not 96 bytes.
        """
        if len(stored) != _BOTH_BYTES:
            raise DamagedState("sealing key")
        return cls(KemSeed(stored[:KEM_SEED_BYTES]), CurvePrivateKey(stored[KEM_SEED_BYTES:]))
