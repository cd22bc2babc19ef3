"""A wake-up call between tasks."""

import trio


class Signal:
    """One task waits; any number set. Set twice is set once, and nothing is lost.

    Unlike an event it clears itself when the wait ends, so a loop of "wait, look
    at everything, wait" misses no change that was made while it looked.
    """

    __slots__ = ("_is_set", "_lot")

    def __init__(self) -> None:
        self._is_set = False
        self._lot = trio.lowlevel.ParkingLot()

    def set(self) -> None:
        """Wake the waiting task, or let its next wait pass at once."""
        if not self._is_set:
            self._is_set = True
            self._lot.unpark_all()

    async def wait(self) -> None:
        """Wait until set, and clear."""
        while not self._is_set:
            await self._lot.park()
        self._is_set = False
