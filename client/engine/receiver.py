"""Deliveries into the database, and only then acknowledged.

    elected ──▶ prekeys filled up ──▶ Subscribe ──▶ Deliver ... ──▶ stored ──▶ Acknowledge
                                         ▲                         (commit)
                                         └─ Displaced, later ─────────┘

What has arrived while a transaction ran goes into the next one together (:mod:`.intake`). A crash
or a lost connection anywhere means that the relay delivers again, and the database knows what it
has seen.

Spec: docs/client.md#receiving, docs/protocol.md#delivery
"""

from collections.abc import Iterable
from typing import Final

import trio

from client.engine.election import Election
from client.engine.intake import take_in
from client.engine.prekey_shelf import PrekeyShelf
from client.engine.shared import Shared
from client.errors import LocalError
from client.messaging.housekeeping import tidy
from client.messaging.outcomes import Dropped, Duplicate, Held, Junk, Outcome, Unreadable
from client.network.connection import RelayConnection
from client.values import Delivery, EngineEvent, HistoryChanged
from protocol.wire.messages import (
    Acknowledge,
    Acknowledged,
    Deliver,
    Displaced,
    LoggedIn,
    PrekeysLow,
    Push,
    Subscribe,
    Subscribed,
)

# Whoever displaced us wants to receive too: coming back at once would be a tug of war.
_DISPLACED_PAUSE_S: Final = 30.0

# Prekeys rotate every two days and die after 35; a connection may last longer.
_UPKEEP_INTERVAL_S: Final = 3_600.0


class Receiver:
    """Receives while this process is the elected one and there is a connection."""

    def __init__(self, shared: Shared, election: Election) -> None:
        self._shared = shared
        self._election = election

    async def serve(self, connection: RelayConnection, logged_in: LoggedIn) -> None:
        """Receive until the connection ends."""
        await self._election.wait_won()
        await self._tidy()
        shelf = PrekeyShelf(self._shared, connection)
        await shelf.compare()
        await shelf.refill()
        await connection.request(Subscribe(), Subscribed)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._keep_up_hourly, shelf)
            async for push in connection.pushes:
                await self._take(connection, shelf, [push, *_at_hand(connection)])
            nursery.cancel_scope.cancel()

    async def _take(
        self, connection: RelayConnection, shelf: PrekeyShelf, pushes: list[Push]
    ) -> None:
        """Deal with pushes, first with what was delivered."""
        deliveries = [_delivery(push) for push in pushes if isinstance(push, Deliver)]
        if deliveries:
            outcomes = await self._store(deliveries)
            up_to = max(delivery.sequence for delivery in deliveries)
            await connection.request(Acknowledge(up_to), Acknowledged)
            if any(isinstance(outcome, Unreadable) for outcome in outcomes):
                await shelf.refill()  # perhaps prekeys are gone, and peers must get others
        if any(isinstance(push, PrekeysLow) for push in pushes):
            await shelf.refill()  # by the newest count, whichever message brought it
        for push in pushes:
            if isinstance(push, Displaced):
                await self._come_back_later(connection)

    async def _store(self, deliveries: list[Delivery]) -> list[Outcome]:
        outcomes = await take_in(self._shared, deliveries)
        self._shared.tell(events_of(outcomes))
        return outcomes

    async def _tidy(self) -> None:
        surroundings = self._shared.surroundings
        bereft = await self._shared.write(lambda tx: tidy(tx, surroundings))
        self._shared.tell(HistoryChanged(peer) for peer in bereft)

    async def _keep_up_hourly(self, shelf: PrekeyShelf) -> None:
        while True:
            await trio.sleep(_UPKEEP_INTERVAL_S)
            await shelf.refill()
            await self._tidy()

    async def _come_back_later(self, connection: RelayConnection) -> None:
        self._shared.standing.troubled(
            LocalError(
                "Another program receives for this account.",
                why="Perhaps a copy of this profile runs elsewhere; both would damage the other.",
                hint="Keep one copy of the profile only.",
            )
        )
        await trio.sleep(_DISPLACED_PAUSE_S)
        await connection.request(Subscribe(), Subscribed)
        self._shared.standing.online()


def events_of(outcomes: Iterable[Outcome]) -> list[EngineEvent]:
    """Tell what outcomes mean to somebody who watches, each once."""
    events: dict[EngineEvent, None] = {}
    for outcome in outcomes:
        if isinstance(outcome, Dropped | Duplicate | Junk):
            continue
        events[HistoryChanged(outcome.peer)] = None
        if isinstance(outcome, Held) and outcome.question is not None:
            events[outcome.question] = None
    return list(events)


def _at_hand(connection: RelayConnection) -> list[Push]:
    """Take what has been pushed already, without waiting."""
    pushes = []
    try:
        while True:
            pushes.append(connection.pushes.receive_nowait())
    except (trio.WouldBlock, trio.EndOfChannel):
        return pushes


def _delivery(push: Deliver) -> Delivery:
    return Delivery(push.sequence, push.envelope_id, push.arrival_ms, push.vouched, push.envelope)
