"""Waiting for something to come about, or for the news that it will not.

Nothing here changes anything: whoever waits looks at the database and the connection each time
the bell rings.
"""

from collections.abc import Sequence

import trio

from client.engine.holdoffs import Holdoff, Holdoffs
from client.engine.shared import Shared
from client.errors import (
    LocalError,
    RefusedByRelay,
    RelayUnreachable,
    StillQueued,
    TrustOpen,
    UserError,
)
from client.network.failures import ConnectionLost
from client.network.refusals import RelayRefusal
from client.store import contacts, conversation, outbox, profile_keys, receipts_due
from client.store.transaction import Transaction
from client.values import Connection, HistoryEntry, MessageState
from protocol.ids import MessageId, Name
from protocol.wire.messages import Refusal

# Enough to see for whom something is ready: a longer queue is not empty either way.
_GLANCE = 64


class Waiting:
    """The waits of one engine.

    Args:
        shared: what is looked at.
        holdoffs: of the services that send and fetch: whom the relay refused, and until when.
    """

    def __init__(self, shared: Shared, holdoffs: Sequence[Holdoffs]) -> None:
        self._shared = shared
        self._holdoffs = holdoffs

    async def online(self, timeout_s: float) -> None:
        """Wait until logged in.

        A relay that cannot be reached is not waited for: the first attempt that fails tells. A
        connection that was lost is, because it comes back by itself.

        Raises:
            UserError: why not.
        """
        standing = self._shared.standing
        with trio.move_on_after(timeout_s):
            while standing.connection is not Connection.ONLINE:
                heard = self._shared.changed.count
                self._raise_if_broken()
                self._raise_if_offline_for_good()
                await self._shared.changed.wait_beyond(heard)
            return
        raise standing.problem or RelayUnreachable(
            "The relay did not answer in time.", hint="What is queued goes out later."
        )

    async def message(
        self, message_id: MessageId, state: MessageState, timeout_s: float
    ) -> MessageState:
        """Wait until a message of ours has come as far as ``state``, or further.

        Returns:
            Its state then, or at the end of the time.

        Raises:
            RefusedByRelay: it failed, or will not go out within the time.
            StillQueued: the peer has no keys at the relay yet.
            TrustOpen: the user has to decide about a key first.
            LocalError: there is no such message, or the database cannot be used.
        """
        deadline = trio.current_time() + timeout_s
        while True:
            heard = self._shared.changed.count
            entry = await self._shared.read(lambda tx: _entry(tx, message_id))
            await self._raise_if_stuck(entry, deadline)
            if entry.state >= state or trio.current_time() >= deadline:
                return entry.state
            with trio.move_on_at(deadline):
                await self._shared.changed.wait_beyond(heard)

    async def token_set(self, timeout_s: float) -> None:
        """Wait until the relay has the token of our newest profile key.

        Raises:
            RelayUnreachable: it did not answer in time.
        """
        with trio.move_on_after(timeout_s):
            while True:
                heard = self._shared.changed.count
                if (await self._shared.read(profile_keys.own)).is_set:
                    return
                await self._shared.changed.wait_beyond(heard)
        raise RelayUnreachable(
            "The relay did not answer in time.", hint="What is to be changed there is, later."
        )

    async def settled(self, timeout_s: float) -> None:
        """Wait until nothing more can be handed over now: all gone, offline, or the time is up."""
        with trio.move_on_after(timeout_s):
            while self._shared.standing.connection is not Connection.OFFLINE:
                heard = self._shared.changed.count
                peers = await self._shared.read(_peers_with_something_to_send)
                if all(self._holdoff(peer) for peer in peers):
                    return
                await self._shared.changed.wait_beyond(heard)

    async def _raise_if_stuck(self, entry: HistoryEntry, deadline: float) -> None:
        holdoff = self._holdoff(entry.peer)
        if entry.state is MessageState.FAILED:
            known = holdoff is not None and holdoff.problem.reason == entry.failure
            raise holdoff.problem if holdoff and known else _failed(entry)
        if entry.state is not MessageState.QUEUED:
            return
        await self._shared.read(lambda tx: _raise_if_unanswered(tx, entry))
        self._raise_if_broken()
        if isinstance(self._shared.standing.problem, TrustOpen | RefusedByRelay):
            self._raise_if_offline_for_good()
        if holdoff is not None and holdoff.until > deadline and not _is_final(holdoff.problem):
            raise _still_queued(holdoff.problem)

    def _raise_if_broken(self) -> None:
        """Raise what a service here failed with: the database, not the relay, is in the way.

        It may be connecting again already; online, a LocalError is advice, not an obstacle.
        """
        standing = self._shared.standing
        if standing.connection is not Connection.ONLINE and isinstance(
            standing.problem, LocalError
        ):
            raise standing.problem

    def _raise_if_offline_for_good(self) -> None:
        standing = self._shared.standing
        is_lost = isinstance(standing.problem, ConnectionLost)
        if standing.connection is Connection.OFFLINE and standing.problem and not is_lost:
            raise standing.problem

    def _holdoff(self, peer: Name) -> Holdoff | None:
        for each in self._holdoffs:
            each.forget_past()
        found = [holdoff for each in self._holdoffs if (holdoff := each.of(peer))]
        return max(found, key=lambda holdoff: holdoff.until, default=None)


def _is_final(problem: UserError) -> bool:
    """Tell whether the relay's refusal fails the message: its row will say so any moment."""
    return isinstance(problem, RelayRefusal) and not problem.may_pass


def _failed(entry: HistoryEntry) -> RefusedByRelay:
    hint = (
        f"It is not tried again. Check the name {entry.peer}, and the relay with glasspost status;"
        " then send it anew."
    )
    return RefusedByRelay(entry.failure, hint=hint)


def _still_queued(problem: UserError) -> UserError:
    """Advise patience where the refusal itself advises to try again: that would send it twice."""
    if not isinstance(problem, RelayRefusal):
        return problem
    hint = "The message stays queued and goes out later by itself: do not send it again."
    error = StillQueued if problem.code == Refusal.NO_PREKEYS else RefusedByRelay
    return error(problem.what, why=problem.why, hint=hint)


def _entry(tx: Transaction, message_id: MessageId) -> HistoryEntry:
    entry = conversation.by_message_id(tx, message_id)
    if entry is None:
        raise LocalError(f"There is no message {message_id.hex()}.")
    return entry


def _raise_if_unanswered(tx: Transaction, entry: HistoryEntry) -> None:
    if contacts.find(tx, entry.peer).pending_identity is not None:
        raise key_changed(entry.peer)
    if outbox.is_held_back(tx, entry.message_id):
        raise held_back(entry.peer)


def key_changed(peer: Name) -> UserError:
    """Say that nothing goes to ``peer`` before the user has decided about the new key."""
    return TrustOpen(
        f"{peer} shows another identity key than before: the message was not sent.",
        why=f"Either {peer} has a new device, or somebody sits in between.",
        hint=f"Look at both keys and answer: glasspost trust {peer}."
        " The message stays queued until then.",
    )


def held_back(peer: Name) -> UserError:
    """Say that a text was written before its writer could know of the new key."""
    return TrustOpen(
        f"The key of {peer} has changed: this message was written before that was told,"
        " and was not sent.",
        why=f"Either {peer} has a new device, or somebody sits in between.",
        hint=f"Compare: glasspost verify {peer}. Or answer: glasspost trust {peer}."
        " The message waits until then; what you write from now on goes to the new key.",
    )


def _peers_with_something_to_send(tx: Transaction) -> list[Name]:
    peers = outbox.peers_awaiting(tx) + receipts_due.peers(tx)
    peers += profile_keys.due_peers(tx)
    peers += [item.to.name for item in outbox.ready(tx, _GLANCE)]
    return [peer for peer in peers if contacts.find(tx, peer).pending_identity is None]
