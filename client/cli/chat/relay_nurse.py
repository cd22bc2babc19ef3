"""Looks after the relay of this machine while a chat is open.

connection lost ──▶ is it the local relay, and does it run?
                      it died              start it again, as the first chat does
                      stopped on purpose   say how it is started
"""

import math
from collections.abc import Callable
from typing import Final

import trio

from client.engine.bell import Bell
from client.engine.engine import Engine
from client.errors import LocalError
from client.local_relay import (
    RelayFolder,
    default_folder,
    ensure_running,
    last_address,
    running_relay,
    was_stopped,
)

# One that dies as soon as it runs is not started over and over.
_PAUSE_S: Final = 60.0


class RelayNurse:
    """Starts the local relay again when it has died.

    Args:
        engine: knows which relay the profile uses.
        tell: says words of our own.
    """

    def __init__(self, engine: Engine, tell: Callable[[str], None]) -> None:
        self._engine, self._tell = engine, tell
        self._lost = Bell()
        self._said_stopped = False
        self._next_start_at = -math.inf

    def online(self) -> None:
        """Hear that the relay answers."""
        self._said_stopped = False

    def offline(self) -> None:
        """Hear that it does not."""
        self._lost.ring()

    async def follow(self) -> None:
        """Look after it, for ever."""
        while True:
            await self._lost.wait_beyond(self._lost.count)
            await self._look(default_folder())

    async def _look(self, folder: RelayFolder) -> None:
        address = (await self._engine.status()).relay
        if address != last_address(folder) or running_relay(folder) is not None:
            return
        if was_stopped(folder):
            if not self._said_stopped:
                self._tell(
                    "The relay on this machine was stopped. To start it, elsewhere: glasspost chat"
                )
            self._said_stopped = True
        elif trio.current_time() >= self._next_start_at:
            self._next_start_at = trio.current_time() + _PAUSE_S
            try:
                relay, _started = await ensure_running(folder, address)
            except LocalError as error:
                self._tell(f"{error.reason} {error.hint}")
            else:
                self._tell(f"Started the relay on this machine again (process {relay.pid}).")
