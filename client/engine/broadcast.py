"""Events to any number of subscribers, none of which can hold the engine up.

Each subscriber has a list of what it has not taken yet, in which a newer event replaces an older
one that it makes superfluous: one HistoryChanged or TrustQuestion per peer, one ConnectionChanged,
one TakeoverAnnounced. So the list is bounded by the contacts, however slow the subscriber is.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import trio

from client.engine.bell import Bell
from client.network.one_error import one_error
from client.values import ConnectionChanged, EngineEvent, TakeoverAnnounced

_CHANNEL_CAPACITY: Final = 16


class Broadcast:
    """Publishes engine events."""

    def __init__(self) -> None:
        self._subscribers: list[_Subscriber] = []

    def publish(self, event: EngineEvent) -> None:
        """Tell every subscriber; never waits."""
        for subscriber in self._subscribers:
            subscriber.add(event)

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[trio.MemoryReceiveChannel[EngineEvent]]:
        """Give a channel of what is published inside the block."""
        subscriber = _Subscriber()
        self._subscribers.append(subscriber)
        try:
            with one_error():
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(subscriber.pump)
                    with subscriber.channel:
                        yield subscriber.channel
                    nursery.cancel_scope.cancel()
        finally:
            self._subscribers.remove(subscriber)


class _Subscriber:
    """What one subscriber has not taken yet, and the task that hands it over."""

    def __init__(self) -> None:
        self._send, self.channel = trio.open_memory_channel[EngineEvent](_CHANNEL_CAPACITY)
        self._waiting: dict[object, EngineEvent] = {}
        self._added = Bell()

    def add(self, event: EngineEvent) -> None:
        key = _topic(event)
        # Behind what is already there: the order of the last events is the order of the news.
        self._waiting.pop(key, None)
        self._waiting[key] = event
        self._added.ring()

    async def pump(self) -> None:
        with self._send:
            while True:
                heard = self._added.count
                while self._waiting:
                    await self._hand_over(next(iter(self._waiting)))
                await self._added.wait_beyond(heard)

    async def _hand_over(self, topic: object) -> None:
        event = self._waiting.pop(topic)
        try:
            await self._send.send(event)
        except trio.BrokenResourceError:
            await trio.sleep_forever()  # the subscriber has closed its end; the block ends soon


def _topic(event: EngineEvent) -> object:
    """Name what an event is about: a newer one on the same topic says all that the older did."""
    if isinstance(event, ConnectionChanged | TakeoverAnnounced):
        return type(event)
    return type(event), event.peer
