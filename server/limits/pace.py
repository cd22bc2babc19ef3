"""How fast one connection is read: a machine of one number.

Asking too fast is not refused, it is slowed down: TCP passes that on, nothing is
lost, and an attacker who repeats himself costs no more than the pace.

Spec: docs/relay.md#limits
"""

from server.limits.rate import FULL, Rate


class Pace:
    """One connection's bucket, as long as the connection lives."""

    __slots__ = ("_full_at", "_rate")

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._full_at = FULL

    def step(self, now: float) -> float:
        """Count one request; give the seconds to wait before it is carried out."""
        wait = self._rate.wait(self._full_at, 1, now)
        self._full_at = self._rate.after(self._full_at, 1, now)
        return wait
