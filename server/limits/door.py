"""How many connections there may be at once: in all, and from one address.

    admit(source) ──▶ True: serve it, then leave(source)
                  └─▶ False: close it without a word, before TLS costs anything

Silence is meant: a typed answer would need the handshake that the limit is to save.

Spec: docs/relay.md#limits
"""

from collections import Counter

from server.limits.buckets import Buckets
from server.limits.source import Source
from server.limits.values import Limits


class Door:
    """Counts who is inside; at most one number for each connection."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._inside: Counter[bytes] = Counter()
        self._total = 0
        self._knocks: Buckets[bytes] = Buckets(limits.connections, limits.most_buckets)

    def __len__(self) -> int:
        return self._total

    def admit(self, source: Source, now: float) -> bool:
        """Tell whether a connection from ``source`` is served; if so, count it."""
        if self._total >= self._limits.connections_in_all:
            return False
        if self._limits.by_address(source) and not self._has_room_for(source.block, now):
            return False
        self._inside[source.block] += 1
        self._total += 1
        return True

    def leave(self, source: Source) -> None:
        """Count one connection from ``source`` less."""
        self._total -= 1
        self._inside[source.block] -= 1
        if not self._inside[source.block]:
            del self._inside[source.block]

    def forget_full(self, now: float) -> None:
        """Let go of addresses that have not knocked lately."""
        self._knocks.forget_full(now)

    def _has_room_for(self, block: bytes, now: float) -> bool:
        if self._inside[block] >= self._limits.connections_at_once:
            return False
        if self._knocks.wait(block, 1, now):
            return False
        self._knocks.take(block, 1, now)
        return True
