"""Repeatable randomness: the same seed draws the same keys."""

import hashlib


class SeededBytes:
    """Stands in for ``os.urandom``: SHAKE-256 of a seed and a counter."""

    def __init__(self, seed: bytes | str | int) -> None:
        self._seed = str(seed).encode() if not isinstance(seed, bytes) else seed
        self._drawn = 0

    def __call__(self, size: int) -> bytes:
        """Draw ``size`` bytes."""
        self._drawn += 1
        return hashlib.shake_256(self._seed + self._drawn.to_bytes(8)).digest(size)
