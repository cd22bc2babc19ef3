"""Pauses between attempts at a connection that keeps failing."""

import trio

from client.engine.backoff import STEADY_AFTER_S, Backoff
from client.errors import UserError
from client.network.failures import ConnectionLost
from client.network.refusals import RelayRefusal
from protocol.randomness import RandomBytes


class Attempts:
    """Counts the failures in a row of one connection."""

    def __init__(self, random_bytes: RandomBytes) -> None:
        self._random_bytes = random_bytes
        self._backoff = Backoff()
        self._began = trio.current_time()

    def begin(self) -> None:
        """Note that an attempt begins."""
        self._began = trio.current_time()

    async def pause(self, problem: UserError) -> None:
        """Wait after the attempt that ``problem`` ended; what held for a while was none."""
        steady = trio.current_time() - self._began > STEADY_AFTER_S
        self._backoff = (Backoff() if steady else self._backoff).failed()
        retry_after_ms = None
        if isinstance(problem, ConnectionLost | RelayRefusal):
            retry_after_ms = problem.retry_after_ms
        await trio.sleep(self._backoff.delay_s(self._random_bytes, retry_after_ms))
