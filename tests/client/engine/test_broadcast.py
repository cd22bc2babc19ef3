"""Subscribers get every last event, and never hold the engine up."""

import trio

from client.engine.bell import Bell
from client.engine.broadcast import Broadcast
from client.values import Connection, ConnectionChanged, EngineEvent, HistoryChanged, TrustQuestion
from protocol.ids import Name

ALICE, BOB = Name("alice"), Name("bob")


async def take(channel: trio.MemoryReceiveChannel[EngineEvent]) -> list[EngineEvent]:
    """Take all that comes without waiting."""
    taken = []
    with trio.move_on_after(1):
        async for event in channel:
            taken.append(event)
    return taken


async def test_each_subscriber_gets_each_event(autojump_clock: object) -> None:
    broadcast = Broadcast()
    events: list[EngineEvent] = [
        ConnectionChanged(Connection.ONLINE),
        HistoryChanged(ALICE),
        HistoryChanged(BOB),
        TrustQuestion(BOB, verified=True),
    ]
    async with broadcast.subscribe() as one, broadcast.subscribe() as other:
        for event in events:
            broadcast.publish(event)
        assert await take(one) == events
        assert await take(other) == events


async def test_a_slow_subscriber_gets_the_news_but_not_every_step(autojump_clock: object) -> None:
    broadcast = Broadcast()
    async with broadcast.subscribe() as channel:
        for _ in range(1_000):
            broadcast.publish(HistoryChanged(ALICE))
            broadcast.publish(ConnectionChanged(Connection.OFFLINE))
            await trio.lowlevel.checkpoint()
        broadcast.publish(HistoryChanged(BOB))
        broadcast.publish(ConnectionChanged(Connection.ONLINE))
        taken = await take(channel)
    assert len(taken) < 40
    assert taken[-2:] == [HistoryChanged(BOB), ConnectionChanged(Connection.ONLINE)]


async def test_a_subscriber_that_leaves_is_forgotten(autojump_clock: object) -> None:
    broadcast = Broadcast()
    async with broadcast.subscribe() as channel:
        channel.close()
        for number in range(100):
            broadcast.publish(HistoryChanged(Name(f"peer{number}")))
            await trio.lowlevel.checkpoint()
    broadcast.publish(HistoryChanged(ALICE))


async def test_no_ring_is_missed(autojump_clock: object) -> None:
    bell, seen = Bell(), 0
    async with trio.open_nursery() as nursery:

        async def wait() -> None:
            nonlocal seen
            while seen < 3:
                await bell.wait_beyond(seen)
                seen = bell.count

        nursery.start_soon(wait)
        for _ in range(3):
            bell.ring()
            await trio.testing.wait_all_tasks_blocked()
    assert seen == 3
