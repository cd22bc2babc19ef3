"""Which process of a profile receives: the one that holds ``receiver.lock``.

It alone subscribes, acknowledges and uploads prekeys. The others try for the lock again and again,
so that a ``listen`` inherits it when the chat beside it ends, however that ends.

Spec: docs/client.md#one-receiver
"""

from typing import Final

import trio

from client.engine.shared import Shared
from client.profile.lock import FileLock, is_locked, try_lock

_TRY_INTERVAL_S: Final = 0.2


class Election:
    """Tries for the lock until this process has it, and keeps it until the engine ends."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._won = trio.Event()

    @property
    def is_won(self) -> bool:
        """Whether this process receives."""
        return self._won.is_set()

    async def wait_won(self) -> None:
        """Wait until this process receives."""
        await self._won.wait()

    async def run(self) -> None:
        """Try, win, and hold."""
        while (lock := self._try()) is None:  # noqa: ASYNC110 - another process rings no bell here
            await trio.sleep(_TRY_INTERVAL_S)
        with lock:
            self._won.set()
            self._shared.changed.ring()
            await trio.sleep_forever()

    def is_held_by_anybody(self) -> bool:
        """Tell whether some process of this profile receives at this moment."""
        return self.is_won or is_locked(self._shared.profile.folder.receiver_lock)

    def _try(self) -> FileLock | None:
        # Not in the runner of blocking calls: it does not block, and a lock that is taken in a
        # thread while its waiter is cancelled would never be released.
        return try_lock(self._shared.profile.folder.receiver_lock)
