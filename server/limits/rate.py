"""A rate, and the state of one bucket under it: pure arithmetic on one number.

A token bucket that holds ``burst`` tokens and gets ``per_second`` new ones is
described by the time at which it will be full again (the "generic cell rate
algorithm" of the telephone networks)::

    tokens now = burst - (full_at - now) · per_second          full: full_at <= now

So a bucket is a float, a full one is no different from one that never was, and
nothing has to be refilled by a clock.

Spec: docs/relay.md#limits
"""

from dataclasses import dataclass
from typing import Final

# The time before which every bucket is full.
FULL: Final = float("-inf")


@dataclass(frozen=True, slots=True)
class Rate:
    """So many tokens a second in the long run, and so many at once.

    A price over ``burst`` could never be paid; whoever sets prices sees to that.
    """

    per_second: float
    burst: float

    def wait(self, full_at: float, price: float, now: float) -> float:
        """Give the seconds until ``price`` tokens are there; 0 if they are now."""
        return max(0.0, self.after(full_at, price, now) - now - self.burst / self.per_second)

    def after(self, full_at: float, price: float, now: float) -> float:
        """Give the time at which the bucket is full again once ``price`` was taken."""
        return max(full_at, now) + price / self.per_second
