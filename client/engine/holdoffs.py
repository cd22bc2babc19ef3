"""Peers that are left alone for a while, and why: the relay refused, and said or implied when.

In memory only: a new process may try once more.
"""

from dataclasses import dataclass
from typing import Final

import trio

from client.errors import UserError
from protocol.ids import Name

LONGEST_S: Final = 600.0
"""No refusal keeps us away for longer: the relay may be wrong, or have been told otherwise."""


@dataclass(frozen=True, slots=True)
class Holdoff:
    """Leave alone until ``until`` (trio's clock), because of ``problem``."""

    until: float
    problem: UserError


class Holdoffs:
    """Who is left alone until when; everybody at once is possible too."""

    def __init__(self) -> None:
        self._by_peer: dict[Name | None, Holdoff] = {}

    def hold(self, peer: Name | None, seconds: float, problem: UserError) -> None:
        """Leave ``peer`` alone, or everybody if it is None."""
        until = trio.current_time() + min(seconds, LONGEST_S)
        self._by_peer[peer] = Holdoff(until, problem)

    def lift(self, peer: Name) -> None:
        """Try ``peer`` again at once: its user wrote anew."""
        self._by_peer.pop(peer, None)

    def of(self, peer: Name) -> Holdoff | None:
        """Give the holdoff that concerns ``peer``, or None; see :meth:`forget_past`."""
        return self._by_peer.get(None) or self._by_peer.get(peer)

    def next_end(self) -> float:
        """Give the time at which the next one ends, infinity if there is none."""
        self.forget_past()
        return min((each.until for each in self._by_peer.values()), default=float("inf"))

    def forget_past(self) -> None:
        """Let go of what has ended. To be called before :meth:`of`, from async code."""
        now = trio.current_time()
        self._by_peer = {who: each for who, each in self._by_peer.items() if each.until > now}
