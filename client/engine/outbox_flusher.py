"""What is READY in the outbox goes to the relay, oldest first.

    read up to 16 rows ──▶ Submit them all at once ──▶ one transaction for all answers ──▶ again
                                │
                                ├─ Accepted          AT_RELAY, the bytes are forgotten
                                ├─ refused for good  FAILED, with the reason
                                └─ may pass          stays; that peer is left alone for a while

What is submitted is what stands in a committed row, byte for byte, under its stored id: a retry,
or another process that submits the same row, is accepted by the relay as the same envelope.

There are two: one submits with our name on the logged-in connection, the other without on the
anonymous one. A token that the relay refuses is forgotten; what it was for goes with our name
then, and the anonymous connection, which the relay can now tell to be ours, is used no more.

Spec: docs/client.md#sending, docs/client.md#two-connections
"""

import math
from typing import Final

import trio

from client.engine.holdoffs import Holdoffs
from client.engine.shared import Shared
from client.messaging import submitting
from client.messaging.profile_sharing import token_refused
from client.network.connection import RelayConnection
from client.network.failures import ConnectionLost
from client.network.one_error import one_error
from client.network.refusals import RelayRefusal
from client.store import outbox, profile_keys
from client.store.transaction import Transaction
from client.values import HistoryChanged, OutboxItem
from protocol.e2ee.profile_key import DeliveryToken
from protocol.ids import Name
from protocol.wire.messages import Accepted, LoggedIn, Refusal, Submit

WINDOW: Final = 16
"""Envelopes under way at once: half of what one connection may ask, so that nothing else waits."""

_PATIENCE_S: Final = 30.0  # where the relay names no time

# What has expired is given up hourly, and not before it had its chance on this connection: whatever
# a clock said while it waited, all that can go is submitted, and its keys were asked for, by then.
_EXPIRY_DELAY_S: Final = 60.0
_EXPIRY_INTERVAL_S: Final = 3_600.0

# Not the present token; or a relay that does not know of tokens.
TOKEN_REFUSED: Final = frozenset({Refusal.BAD_TOKEN, Refusal.NOT_LOGGED_IN})

Batch = list[tuple[OutboxItem, DeliveryToken | None]]
Answered = list[tuple[OutboxItem, Accepted | RelayRefusal]]


class OutboxFlusher:
    """Empties one half of the outbox whenever there is a connection for it.

    Args:
        shared: where the outbox is.
        anonymous: submit what goes without our name, not what goes with it.
    """

    def __init__(self, shared: Shared, *, anonymous: bool = False) -> None:
        self._shared = shared
        self._anonymous = anonymous
        self._next_look = math.inf  # only where we are logged in is anything given up
        self.holdoffs = Holdoffs()

    async def serve(self, connection: RelayConnection, logged_in: LoggedIn) -> None:
        """Submit what is ready, now and whenever something changes, until the connection ends."""
        self._next_look = trio.current_time() + _EXPIRY_DELAY_S
        await self.work_on(connection)

    def has_work(self, tx: Transaction) -> bool:
        """Tell whether something may go now."""
        return bool(self._next_batch(tx))

    async def work_on(self, connection: RelayConnection) -> None:
        """Submit what is ready; returns only when a token was refused on an anonymous one."""
        while True:
            heard = self._shared.changed.count
            self.holdoffs.forget_past()
            batch = await self._shared.read(self._next_batch)
            if batch:
                answered = await self._flush(connection, batch)
                if any(_is_token_refused(item, answer) for item, answer in answered):
                    return
                continue
            if trio.current_time() >= self._next_look:
                await self._give_up_expired()
                self._next_look = trio.current_time() + _EXPIRY_INTERVAL_S
            with trio.move_on_at(min(self._next_look, self.holdoffs.next_end())):
                await self._shared.changed.wait_beyond(heard)

    async def _give_up_expired(self) -> None:
        surroundings = self._shared.surroundings
        peers = await self._shared.write(lambda tx: submitting.give_up_expired(tx, surroundings))
        self._shared.tell(HistoryChanged(peer) for peer in peers)

    def _next_batch(self, tx: Transaction) -> Batch:
        """Give the oldest rows that may go, page by page over those that are held off.

        Runs in a thread, where trio tells no time: what is past is forgotten before.
        """
        batch: list[OutboxItem] = []
        page = outbox.ready(tx, WINDOW, anonymous=self._anonymous)
        while page and len(batch) < WINDOW:
            batch += [item for item in page if self.holdoffs.of(item.to.name) is None]
            page = outbox.ready(tx, WINDOW, page[-1].row_id, anonymous=self._anonymous)
        return [(item, self._token_for(tx, item)) for item in batch[:WINDOW]]

    def _token_for(self, tx: Transaction, item: OutboxItem) -> DeliveryToken | None:
        return profile_keys.token_of(tx, item.to.name) if self._anonymous else None

    async def _flush(self, connection: RelayConnection, batch: Batch) -> Answered:
        """Submit ``batch``; what was answered is stored even if the connection ends meanwhile."""
        answered: Answered = []

        async def submit(
            item: OutboxItem, token: DeliveryToken | None, task_status: trio.TaskStatus[None]
        ) -> None:
            """Submit one envelope; started once it is on its way, so that they keep their order."""
            shown = None if token is None else token.expose()
            request = Submit(item.to.name, item.to.device, item.envelope_id, shown, item.envelope)
            try:
                accepted = await connection.request(request, Accepted, task_status=task_status)
                answered.append((item, accepted))
            except RelayRefusal as refusal:
                answered.append((item, refusal))

        try:
            with one_error():
                async with trio.open_nursery() as nursery:
                    for item, token in batch:
                        await nursery.start(submit, item, token)
        except ConnectionLost:
            await self._settle(batch, answered)
            raise
        await self._settle(batch, answered)
        return answered

    async def _settle(self, batch: Batch, answered: Answered) -> None:
        if not answered:
            return
        self._hold(
            {
                item.to.name: answer
                for item, answer in answered
                if isinstance(answer, RelayRefusal) and answer.may_pass
            }
        )
        tokens = {item.to.name: token for item, token in batch}
        await self._shared.write(lambda tx: _store(tx, answered, tokens))
        peers = dict.fromkeys(item.to.name for item, _ in answered)
        self._shared.tell(HistoryChanged(peer) for peer in peers)

    def _hold(self, refused: dict[Name, RelayRefusal]) -> None:
        """Leave alone whom the relay takes nothing for just now."""
        limited_count = sum(each.code == Refusal.RATE_LIMITED for each in refused.values())
        for peer, refusal in refused.items():
            asked_ms = refusal.retry_after_ms
            seconds = _PATIENCE_S if asked_ms is None else asked_ms / 1000
            whom = None if _concerns_all(refusal, limited_count) else peer
            self.holdoffs.hold(whom, seconds, refusal)


def _concerns_all(refusal: RelayRefusal, limited_count: int) -> bool:
    """Tell whether the relay would refuse everybody's envelopes just now.

    That it is asked too much it also says of one mailbox or one token, which strangers can
    keep busy: only when it is said about two peers does it concern all.
    """
    if refusal.code == Refusal.RATE_LIMITED:
        return limited_count > 1
    return refusal.code == Refusal.RELAY_TROUBLE


def _is_token_refused(item: OutboxItem, answer: Accepted | RelayRefusal) -> bool:
    return item.anonymous and isinstance(answer, RelayRefusal) and answer.code in TOKEN_REFUSED


def _store(tx: Transaction, answered: Answered, tokens: dict[Name, DeliveryToken | None]) -> None:
    for item, answer in answered:
        if isinstance(answer, Accepted):
            submitting.accepted(tx, item.row_id, answer.arrival_ms)
        elif _is_token_refused(item, answer):
            token_refused(tx, item.to.name, tokens[item.to.name])
        elif not answer.may_pass:
            submitting.give_up(tx, item.row_id, answer.reason)
