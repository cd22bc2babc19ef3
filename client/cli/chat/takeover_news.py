"""Tells the chat that another device wants our name, and how that ended."""

from collections.abc import Callable
from typing import Final

from client.cli.takeovers import announced_words
from client.engine.bell import Bell
from client.engine.engine import Engine
from client.engine.own_device import TakeoverEnd
from client.values import TakeoverAnnounced

_STYLE: Final = "bold yellow"

# What was carried out is told with the connection that it ends, what began anew as it began.
_END_WORDS: Final = {
    TakeoverEnd.VETOED: "The takeover is vetoed: the name stays here, and the account key is"
    " another one now. Account files saved before are stale. Save a new one:"
    " glasspost account save FILE",
    TakeoverEnd.DROPPED: "The takeover is over: the name stays here.",
}


class TakeoverNews:
    """What was announced last, and whether it was told.

    Args:
        engine: knows how it goes on.
        tell: says words of our own, in a style.
    """

    def __init__(self, engine: Engine, tell: Callable[[str, str], None]) -> None:
        self._engine, self._tell = engine, tell
        self._open: TakeoverAnnounced | None = None
        self._heard = Bell()

    def hear(self, announced: TakeoverAnnounced | None) -> None:
        """Tell it, unless there is nothing or it was told; the relay says it at each login."""
        if announced is None or announced == self._open:
            return
        self._open = announced
        self._tell(announced_words(announced), _STYLE)
        self._heard.ring()

    async def follow(self) -> None:
        """Tell how each ended, for ever."""
        while True:
            heard, announced = self._heard.count, self._open
            if announced is None:
                await self._heard.wait_beyond(heard)
                continue
            end = await self._engine.own_device.wait_over(announced)
            if self._open == announced:
                self._open = None
            if end in _END_WORDS:
                self._tell(_END_WORDS[end], _STYLE)
