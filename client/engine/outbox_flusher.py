"""What is READY in the outbox goes to the relay, oldest first.

    read up to 16 rows ──▶ Submit them all at once ──▶ one transaction for all answers ──▶ again
                                │
                                ├─ Accepted          AT_RELAY, the bytes are forgotten
                                ├─ refused for good  FAILED, with the reason
                                └─ may pass          stays; that peer is left alone for a while

What is submitted is what stands in a committed row, byte for byte, under its stored id: a retry,
or another process that submits the same row, is accepted by the relay as the same envelope.

Spec: docs/client.md#sending
"""

from typing import Final

import trio

from client.engine.holdoffs import Holdoffs
from client.engine.shared import Shared
from client.messaging import submitting
from client.network.connection import RelayConnection
from client.network.failures import ConnectionLost
from client.network.one_error import one_error
from client.network.refusals import RelayRefusal
from client.store import outbox
from client.store.transaction import Transaction
from client.values import HistoryChanged, OutboxItem
from protocol.ids import Name
from protocol.wire.messages import Accepted, LoggedIn, Refusal, Submit

WINDOW: Final = 16
"""Envelopes under way at once: half of what one connection may ask, so that nothing else waits."""

_PATIENCE_S: Final = 30.0  # where the relay names no time

# What has expired is given up hourly, and not before it had its chance on this connection: whatever
# a clock said while it waited, all that can go is submitted, and its keys were asked for, by then.
_EXPIRY_DELAY_S: Final = 60.0
_EXPIRY_INTERVAL_S: Final = 3_600.0

# The relay is busy or broken: it would refuse everybody's envelopes.
_CONCERNS_ALL: Final = frozenset({Refusal.RATE_LIMITED, Refusal.RELAY_TROUBLE})

Answered = list[tuple[OutboxItem, Accepted | RelayRefusal]]


class OutboxFlusher:
    """Empties the outbox whenever there is a connection."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self.holdoffs = Holdoffs()

    async def serve(self, connection: RelayConnection, logged_in: LoggedIn) -> None:
        """Submit what is ready, now and whenever something changes, until the connection ends."""
        next_look = trio.current_time() + _EXPIRY_DELAY_S
        while True:
            heard = self._shared.changed.count
            self.holdoffs.forget_past()
            batch = await self._shared.read(self._next_batch)
            if batch:
                await self._flush(connection, batch)
                continue
            if trio.current_time() >= next_look:
                await self._give_up_expired()
                next_look = trio.current_time() + _EXPIRY_INTERVAL_S
            with trio.move_on_at(min(next_look, self.holdoffs.next_end())):
                await self._shared.changed.wait_beyond(heard)

    async def _give_up_expired(self) -> None:
        surroundings = self._shared.surroundings
        peers = await self._shared.write(lambda tx: submitting.give_up_expired(tx, surroundings))
        self._shared.tell(HistoryChanged(peer) for peer in peers)

    def _next_batch(self, tx: Transaction) -> list[OutboxItem]:
        """Give the oldest rows that may go, page by page over those that are held off.

        Runs in a thread, where trio tells no time: what is past is forgotten before.
        """
        batch: list[OutboxItem] = []
        page = outbox.ready(tx, WINDOW)
        while page and len(batch) < WINDOW:
            batch += [item for item in page if self.holdoffs.of(item.to.name) is None]
            page = outbox.ready(tx, WINDOW, page[-1].row_id)
        return batch[:WINDOW]

    async def _flush(self, connection: RelayConnection, batch: list[OutboxItem]) -> None:
        """Submit ``batch``; what was answered is stored even if the connection ends meanwhile."""
        answered: Answered = []

        async def submit(item: OutboxItem, task_status: trio.TaskStatus[None]) -> None:
            request = Submit(item.to.name, item.to.device, item.envelope_id, None, item.envelope)
            try:
                accepted = await connection.request(request, Accepted, task_status=task_status)
                answered.append((item, accepted))
            except RelayRefusal as refusal:
                answered.append((item, refusal))

        try:
            with one_error():
                async with trio.open_nursery() as nursery:
                    for item in batch:
                        await nursery.start(submit, item)
        except ConnectionLost:
            await self._settle(answered)
            raise
        await self._settle(answered)

    async def _settle(self, answered: Answered) -> None:
        if not answered:
            return
        for item, answer in answered:
            if isinstance(answer, RelayRefusal) and answer.may_pass:
                self._hold(item.to.name, answer)
        await self._shared.write(lambda tx: _store(tx, answered))
        peers = dict.fromkeys(item.to.name for item, _ in answered)
        self._shared.tell(HistoryChanged(peer) for peer in peers)

    def _hold(self, peer: Name, refusal: RelayRefusal) -> None:
        asked_ms = refusal.retry_after_ms
        seconds = _PATIENCE_S if asked_ms is None else asked_ms / 1000
        whom = None if refusal.code in _CONCERNS_ALL else peer
        self.holdoffs.hold(whom, seconds, refusal)


def _store(tx: Transaction, answered: Answered) -> None:
    for item, answer in answered:
        if isinstance(answer, Accepted):
            submitting.accepted(tx, item.row_id, answer.arrival_ms)
        elif not answer.may_pass:
            submitting.give_up(tx, item.row_id, answer.reason)
