"""How long to wait before the next attempt to connect.

Doubling with jitter, so that a thousand clients of a restarted relay do not come back in the same
instant; a relay that says when to come back is obeyed, within the same limits.
"""

from dataclasses import dataclass, replace
from typing import Final

from protocol.randomness import RandomBytes

FIRST_DELAY_S: Final = 0.2
LONGEST_DELAY_S: Final = 30.0

STEADY_AFTER_S: Final = 10.0
"""A connection that held this long was a good one: the count begins anew."""

_MOST_DOUBLINGS: Final = 8


@dataclass(frozen=True, slots=True)
class Backoff:
    """How many attempts have failed in a row."""

    failures: int = 0

    def failed(self) -> "Backoff":
        """Count one more."""
        return replace(self, failures=self.failures + 1)

    def delay_s(self, random_bytes: RandomBytes, retry_after_ms: int | None = None) -> float:
        """Give the seconds to wait now.

        Args:
            random_bytes: gives the jitter.
            retry_after_ms: what the relay asked for. It may send us away for LONGEST_DELAY_S at
                most, and have us back at once one time in a row only.
        """
        if retry_after_ms is not None and self.failures <= 1:
            return min(retry_after_ms / 1000, LONGEST_DELAY_S)
        doublings = min(max(self.failures - 1, 0), _MOST_DOUBLINGS)
        longest = min(FIRST_DELAY_S * (1 << doublings), LONGEST_DELAY_S)
        jittered = longest * (0.5 + random_bytes(1)[0] / 510)
        return min(max(jittered, (retry_after_ms or 0) / 1000), LONGEST_DELAY_S)
