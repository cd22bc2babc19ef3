"""Many buckets under one rate, and never more than a fixed number of them.

A bucket that is full again is forgotten: it is no different from a new one. If
none is full and there is no room, the newcomer takes the place **and the debt**
of the bucket that is nearest to full (the "Space-Saving" idea of Metwally and
others, 2005). So nobody can gain tokens by pushing buckets out: whatever keys an
attacker makes up, all of them together never get more than ``most`` buckets give.

A heap finds the fullest. It has one entry for each key; times only grow, so an
entry may be too early, and is corrected when it comes to the top.

Spec: docs/relay.md#limits
"""

from collections.abc import Hashable, Sequence
from heapq import heappop, heappush
from math import ceil
from typing import Any, Generic, TypeVar

from server.limits.rate import FULL, Rate

K = TypeVar("K", bound=Hashable)


class Buckets(Generic[K]):
    """Buckets by key. Keys are never compared with each other, only hashed."""

    __slots__ = ("_full_at", "_heap", "_most", "_number", "_rate")

    def __init__(self, rate: Rate, most: int) -> None:
        """Keep at most ``most`` buckets under ``rate``."""
        self._rate = rate
        self._most = most
        self._full_at: dict[K, float] = {}
        self._heap: list[tuple[float, int, K]] = []
        self._number = 0  # breaks ties in the heap, so that keys are never compared

    def __len__(self) -> int:
        return len(self._full_at)

    def wait(self, key: K, price: float, now: float) -> float:
        """Give the seconds until ``price`` tokens are there; takes nothing.

        Cost: with a full table, for a new key, the logarithm of its size.
        """
        return self._rate.wait(self._known(key, now), price, now)

    def take(self, key: K, price: float, now: float) -> None:
        """Take ``price`` tokens, which :meth:`wait` has just found to be there."""
        full_at = self._rate.after(self._known(key, now), price, now)
        if key not in self._full_at:
            if len(self._full_at) >= self._most:
                self._remove_fullest()
            self._push(full_at, key)
        self._full_at[key] = full_at

    def forget_full(self, now: float) -> None:
        """Let go of every bucket that is full: nothing stays of who was here."""
        while self._heap and self._fullest() <= now:
            self._remove_fullest()

    def _known(self, key: K, now: float) -> float:
        """Give the key's own state, or the one a newcomer gets."""
        known = self._full_at.get(key)
        if known is not None:
            return known
        if len(self._full_at) >= self._most:
            self.forget_full(now)
        return FULL if len(self._full_at) < self._most else self._fullest()

    def _fullest(self) -> float:
        """Bring the bucket that is nearest to full to the top of the heap."""
        while (stale := self._heap[0])[0] != (full_at := self._full_at[stale[2]]):
            heappop(self._heap)
            self._push(full_at, stale[2])
        return self._heap[0][0]

    def _remove_fullest(self) -> None:
        self._fullest()
        _, _, key = heappop(self._heap)
        del self._full_at[key]

    def _push(self, full_at: float, key: K) -> None:
        self._number += 1
        heappush(self._heap, (full_at, self._number, key))


def pay(due: Sequence[tuple[Buckets[Any], Hashable, float]], now: float) -> int:
    """Take each price from its key's bucket, or nothing at all.

    Returns:
        0 if all was paid; else the milliseconds until it can be.
    """
    wait = max((buckets.wait(key, price, now) for buckets, key, price in due), default=0.0)
    if wait:
        return ceil(wait * 1_000) + 1  # what rounding may have taken off
    for buckets, key, price in due:
        buckets.take(key, price, now)
    return 0
