"""A bell that many may wait for, and nobody misses.

    heard = bell.count
    ... look at the database ...
    await bell.wait_beyond(heard)       # returns at once if it rang meanwhile

Rings that nobody waited for count as one: a waiter looks at the whole state anyway.
"""

import trio


class Bell:
    """Rings when something may have changed."""

    def __init__(self) -> None:
        self.count = 0
        """How often it has rung."""
        self._next = trio.Event()

    def ring(self) -> None:
        """Wake everybody who waits."""
        self.count += 1
        self._next.set()
        self._next = trio.Event()

    async def wait_beyond(self, count: int) -> None:
        """Wait until it has rung more than ``count`` times."""
        if self.count > count:
            await trio.lowlevel.checkpoint()
            return
        await self._next.wait()
