"""How long a connection may take for what it is at: a machine.

A cancel scope around each read and write would cost more than the read. So a
connection only notes until when it may take, and one task of the relay looks
at all of them every SWEEP_SECONDS.

Spec: docs/protocol.md#limits
"""

from math import inf
from typing import Final

from protocol.errors import GlasspostError
from protocol.limits import GREETING_TIMEOUT_MS, IDLE_TIMEOUT_MS, WRITE_TIMEOUT_MS

SWEEP_SECONDS: Final = 1


class TimedOut(GlasspostError):
    """The far side took too long."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} took too long")
        self.what = what


class Patience:
    """What one connection is waiting for. Times are seconds of one clock."""

    __slots__ = ("_asked_at", "_greeting_until", "_reading_until", "_writing_until")

    def __init__(self, now: float) -> None:
        """Begin with the connection: a whole Hello is due soon."""
        self._asked_at = now
        self._greeting_until = now + GREETING_TIMEOUT_MS / 1000
        self._reading_until = inf
        self._writing_until = inf

    def greeted(self) -> None:
        """Note that the greeting is over."""
        self._greeting_until = inf

    def asked(self, now: float) -> None:
        """Note that a whole request has come, and was dealt with."""
        self._asked_at = now

    def reading(self) -> None:
        """Note that the client may speak.

        Its time counts from its last whole request: a frame of which a byte trickles in now and
        then ends too.
        """
        self._reading_until = self._asked_at + IDLE_TIMEOUT_MS / 1000

    def read(self) -> None:
        """Note that it has spoken, and is not waited for now."""
        self._reading_until = inf

    def writing(self, now: float) -> None:
        """Note that the client has something to take."""
        self._writing_until = now + WRITE_TIMEOUT_MS / 1000

    def written(self) -> None:
        """Note that it has taken it."""
        self._writing_until = inf

    def require(self, now: float) -> None:
        """Check that nothing takes too long.

        Raises:
            TimedOut: something does.
        """
        if now >= self._greeting_until:
            raise TimedOut("the greeting")
        if now >= self._reading_until:
            raise TimedOut("the next request")
        if now >= self._writing_until:
            raise TimedOut("taking what was sent")
