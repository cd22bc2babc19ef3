"""The engine's public face: everything a command or a screen may ask of a profile.

    async with open_engine(profile, receive=True, surroundings=real) as engine:
        async with engine.events() as events:
            message_id = await engine.send_text(peer, "the tide is high")
            await engine.wait_for(message_id, MessageState.AT_RELAY, timeout_s=20)

What is read comes from the database, online or not. What is sent is on disk when the call returns;
the services beside do the rest, in this process or a later one.

Spec: docs/client.md
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import trio

from client.engine.anonymous_line import AnonymousLine
from client.engine.device_guard import DeviceGuard
from client.engine.election import Election
from client.engine.follower import Follower
from client.engine.key_fetcher import KeyFetcher
from client.engine.outbox_flusher import OutboxFlusher
from client.engine.own_device import OwnDevice
from client.engine.own_name import require_ours
from client.engine.receiver import Receiver
from client.engine.shared import Shared
from client.engine.specimen_choice import the_specimen
from client.engine.status import Status, read_status
from client.engine.supervisor import Service, Supervisor
from client.engine.timekeeper import Timekeeper
from client.engine.token_keeper import TokenKeeper
from client.engine.trust_desk import TrustDesk
from client.engine.waiting import Waiting
from client.errors import UserError
from client.messaging import blocking
from client.messaging.sending import compose_text
from client.network.one_error import one_error
from client.network.transport import Dialer, dial
from client.profile.opening import OpenProfile
from client.profile.paths import ProfileFolder
from client.store import conversation, history, settings
from client.store.transaction import Transaction
from client.values import (
    Connection,
    Contact,
    EngineEvent,
    HistoryChanged,
    HistoryEntry,
    MessageState,
    Specimen,
    Surroundings,
)
from protocol.e2ee.padding import Padding
from protocol.ids import MessageId, Name


class Engine:
    """A profile at work; made by :func:`open_engine`."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._election = Election(shared)
        self._flusher = OutboxFlusher(shared)
        self._fetcher = KeyFetcher(shared)
        nameless = (OutboxFlusher(shared, anonymous=True), KeyFetcher(shared, anonymous=True))
        self._line = AnonymousLine(shared, nameless)
        workers = (self._flusher, self._fetcher, *nameless)
        self._holdoffs = [worker.holdoffs for worker in workers]
        self._waiting = Waiting(shared, self._holdoffs)
        self._guard = DeviceGuard(shared)
        self.own_device = OwnDevice(shared, self._guard)
        self.trust = TrustDesk(shared, self._holdoffs)

    # --- the connection -------------------------------------------------------

    @property
    def connection(self) -> Connection:
        """The connection to the relay at this moment."""
        return self._shared.standing.connection

    @property
    def last_problem(self) -> UserError | None:
        """What went wrong last with the relay; None while all is well."""
        return self._shared.standing.problem

    @property
    def folder(self) -> ProfileFolder:
        """Where the profile lies."""
        return self._shared.profile.folder

    def events(self) -> AbstractAsyncContextManager[trio.MemoryReceiveChannel[EngineEvent]]:
        """Give a channel of what happens from now on; a slow reader misses steps, never news."""
        return self._shared.broadcast.subscribe()

    async def wait_online(self, timeout_s: float) -> None:
        """Wait until logged in; see :meth:`client.engine.waiting.Waiting.online`.

        Raises:
            UserError: why not, as soon as an attempt has failed.
        """
        await self._waiting.online(timeout_s)

    # --- sending --------------------------------------------------------------

    async def send_text(self, peer: Name, text: str) -> MessageId:
        """Queue a text; it is encrypted and on disk, or waits for keys, when this returns.

        Raises:
            LocalError: it cannot be a message; nothing was stored.
            RefusedByRelay: the name belongs to another device; nothing was stored.
        """
        surroundings = self._shared.surroundings

        def compose(tx: Transaction) -> MessageId:
            require_ours(tx)
            return compose_text(tx, peer, text, surroundings)

        message_id = await self._shared.write(compose)
        # The user has written anew: a refusal from before is tested again. Lifted once the row is
        # there, so that one which came meanwhile, and did not fail it, does not hold it either.
        for holdoffs in self._holdoffs:
            holdoffs.lift(peer)
        self._shared.tell([HistoryChanged(peer)])
        return message_id

    async def wait_for(
        self, message_id: MessageId, state: MessageState, timeout_s: float
    ) -> MessageState:
        """Wait until a message has come as far as ``state``, and give its state then.

        Raises:
            RefusedByRelay, TrustOpen: it will not get there, or not in this time.
            LocalError: there is no such message.
        """
        return await self._waiting.message(message_id, state, timeout_s)

    async def settle(self, timeout_s: float) -> None:
        """Give receipts and queued envelopes a last chance before the engine is closed."""
        await self._waiting.settled(timeout_s)

    # --- reading --------------------------------------------------------------

    async def history(
        self, peer: Name, limit: int, before_row_id: int | None = None
    ) -> list[HistoryEntry]:
        """Give the newest ``limit`` lines of a conversation (before a line), oldest first."""
        return await self._shared.read(lambda tx: conversation.page(tx, peer, limit, before_row_id))

    async def search(self, words: str, limit: int) -> list[HistoryEntry]:
        """Give the lines that hold all ``words``, newest first."""
        return await self._shared.read(lambda tx: conversation.hits(tx, words, limit))

    async def entry(
        self, peer: Name, message_id: MessageId, *, outgoing: bool = True
    ) -> HistoryEntry | None:
        """Give the line of a message to ``peer`` (or from, if not ``outgoing``), or None."""
        return await self._shared.read(
            lambda tx: conversation.message(tx, peer, message_id, outgoing=outgoing)
        )

    async def contacts(self) -> list[Contact]:
        """Give all contacts, by name."""
        return await self._shared.read(conversation.contacts)

    async def status(self) -> Status:
        """Tell how the profile and this engine are doing."""
        return await read_status(self._shared, self._election)

    async def specimen(
        self, message_id_prefix: str, *, peer: Name | None = None, outgoing: bool | None = None
    ) -> Specimen:
        """Give a message as it travelled, by the first hexadecimal digits of its id.

        Args:
            message_id_prefix: at least one digit.
            peer: look only among the messages with this one.
            outgoing: look only among ours, or only among theirs.

        Raises:
            LocalError: no message or several begin with them, or none of its bytes were kept.
        """
        return await self._shared.read(
            lambda tx: the_specimen(tx, message_id_prefix, peer=peer, outgoing=outgoing)
        )

    async def unlistened(self, limit: int) -> list[HistoryEntry]:
        """Give incoming lines that no ``listen`` has printed yet, in order."""
        return await self._shared.read(lambda tx: conversation.unlistened(tx, limit))

    async def mark_listened(self, row_ids: Sequence[int]) -> None:
        """Note that a ``listen`` has printed these lines."""
        rows = list(row_ids)
        await self._shared.write(lambda tx: history.mark_listened(tx, rows), quietly=True)

    async def untold_notices(self, peer: Name) -> list[HistoryEntry]:
        """Give the notices about the key of ``peer`` that were never told on a terminal."""
        return await self._shared.read(lambda tx: conversation.untold_notices(tx, peer))

    # --- blocking -------------------------------------------------------------

    async def block(self, peer: Name) -> None:
        """Hear ``peer`` no more, and take back the permission to write without a name.

        The others hear of the new one when the relay has it: :meth:`wait_token_set`, then
        :meth:`settle`.

        Raises:
            LocalError: there is no such contact.
        """
        surroundings = self._shared.surroundings
        await self._shared.write(lambda tx: blocking.block(tx, peer, surroundings))
        self._shared.tell([HistoryChanged(peer)])

    async def unblock(self, peer: Name) -> None:
        """Hear ``peer`` again.

        Raises:
            LocalError: there is no such contact.
        """
        surroundings = self._shared.surroundings
        await self._shared.write(lambda tx: blocking.unblock(tx, peer, surroundings))
        self._shared.tell([HistoryChanged(peer)])

    async def wait_token_set(self, timeout_s: float) -> None:
        """Wait until the relay lets nobody in with a former token.

        Raises:
            RelayUnreachable: it did not answer in time.
        """
        await self._waiting.token_set(timeout_s)

    # --- settings -------------------------------------------------------------

    async def padding(self) -> Padding:
        """Give how the sizes of envelopes are hidden."""
        return await self._shared.read(settings.padding)

    async def set_padding(self, mode: Padding) -> None:
        """Hide the sizes of envelopes in this way from now on."""
        await self._shared.write(lambda tx: settings.set_padding(tx, mode))

    # --- services -------------------------------------------------------------

    async def _run(self, *, receive: bool) -> None:
        token_keeper = TokenKeeper(self._shared)
        services: list[Service] = [
            self._flusher.serve,
            self._fetcher.serve,
            self._guard.hear,
            self._guard.object,
            Timekeeper(self._shared).serve,
            token_keeper.serve,
            token_keeper.resolve_doubts,
        ]
        if receive:
            services.append(Receiver(self._shared, self._election).serve)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(Supervisor(self._shared, services).run)
            nursery.start_soon(self._line.run)
            nursery.start_soon(Follower(self._shared).run)
            if receive:
                nursery.start_soon(self._election.run)


@asynccontextmanager
async def open_engine(
    profile: OpenProfile,
    *,
    receive: bool,
    surroundings: Surroundings,
    dialer: Dialer = dial,
) -> AsyncIterator[Engine]:
    """Start the services of ``profile``, and stop them at the end of the block.

    Args:
        profile: open, and open for longer than the block.
        receive: whether to take deliveries when no other process of the profile does; without, it
            sends and fetches only.
        surroundings: clock, randomness and the runner of blocking calls.
        dialer: opens the stream to the relay.
    """
    engine = Engine(Shared(profile, surroundings, dialer))
    with one_error():
        async with trio.open_nursery() as nursery:
            nursery.start_soon(lambda: engine._run(receive=receive))
            yield engine
            nursery.cancel_scope.cancel()
