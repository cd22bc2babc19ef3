"""Keys that messages wait for are fetched, and due receipts are written.

    after each login: questioned ──▶ KeysWanted

    prepare ─┬─▶ what can be encrypted becomes READY (receipts too)
             └─▶ KeysWanted ──▶ FetchBundle      ──▶ bundle_arrived
                            └─▶ FetchSealingKey  ──▶ sealing_key_arrived

A bundle is fetched under an id that was stored before: if the answer is lost, the next attempt, in
whichever process, gets the same one-time pair.

There are two: keys of peers whose token we hold are fetched on the anonymous connection, the
others on the logged-in one.

Spec: docs/client.md#sending, docs/client.md#two-connections
"""

from typing import Final

import trio

from client.engine.holdoffs import Holdoffs
from client.engine.outbox_flusher import TOKEN_REFUSED
from client.engine.shared import Shared
from client.errors import RefusedByRelay
from client.messaging import fetching, submitting
from client.messaging.fetching import KeysWanted
from client.network.connection import RelayConnection
from client.network.refusals import RelayRefusal
from client.store import contacts, held, peer_keys, profile_keys
from client.store.transaction import Transaction
from client.values import HistoryChanged, TrustQuestion
from protocol.ids import Name
from protocol.wire.messages import (
    BundleFetched,
    FetchBundle,
    FetchSealingKey,
    LoggedIn,
    SealingKeyFetched,
)

_PATIENCE_S: Final = 30.0  # keys may come any moment, and the relay names no time

_LOOK_AGAIN_S: Final = 600.0  # retry requests over this hour's number wait for the next

_RESIGNED_S: Final = 600.0  # there is no such account, or its keys are unusable


class KeyFetcher:
    """Fetches keys of peers whenever there is a connection.

    Args:
        shared: where they are waited for.
        anonymous: fetch those of peers whose token we hold, not those of the others.
    """

    def __init__(self, shared: Shared, *, anonymous: bool = False) -> None:
        self._shared = shared
        self._anonymous = anonymous
        self.holdoffs = Holdoffs()

    async def serve(self, connection: RelayConnection, logged_in: LoggedIn) -> None:
        """Fetch what is wanted, now and whenever something changes, until the connection ends."""
        await self._ask_again(connection)
        await self.work_on(connection)

    def has_work(self, tx: Transaction) -> bool:
        """Tell whether keys may be fetched now; for the anonymous one only."""
        surroundings = self._shared.surroundings
        return any(
            self.holdoffs.of(peer) is None
            and profile_keys.has_token(tx, peer)
            and fetching.needs_keys(tx, peer, surroundings)
            for peer in _waiting(tx)
        )

    async def work_on(self, connection: RelayConnection) -> None:
        """Fetch what is wanted; returns only when a token was refused on an anonymous one."""
        while True:
            heard = self._shared.changed.count
            if await self._shared.read(_waiting) and not await self._fetch_wanted(connection):
                return
            look_again = trio.current_time() + _LOOK_AGAIN_S
            with trio.move_on_at(min(self.holdoffs.next_end(), look_again)):
                await self._shared.changed.wait_beyond(heard)

    async def _ask_again(self, connection: RelayConnection) -> None:
        """Look whether the directory still shows the keys that are in question."""
        for wanted in await self._shared.read(fetching.questioned):
            await self._fetch(connection, wanted)
        self._shared.asked_about.intersection_update(await self._shared.read(contacts.in_question))

    async def _fetch_wanted(self, connection: RelayConnection) -> bool:
        """Fetch for one peer after the other; False when the connection is not to be used more."""
        self.holdoffs.forget_past()
        for wanted in await self._prepare():
            is_ours = (wanted.token is not None) is self._anonymous
            if (
                is_ours
                and self.holdoffs.of(wanted.peer.name) is None
                and not await self._fetch(connection, wanted)
            ):
                return False
        return True

    async def _prepare(self) -> list[KeysWanted]:
        """Encrypt what can be; the others are told only if that was anything.

        Ringing each time would wake this very service again, for ever.
        """

        def prepare(tx: Transaction) -> tuple[list[KeysWanted], bool]:
            before = _waiting(tx)
            wanted = fetching.prepare(tx, self._shared.surroundings)
            return wanted, _waiting(tx) != before

        wanted, has_advanced = await self._shared.write(prepare, quietly=True)
        if has_advanced:
            self._shared.changed.ring()
        return wanted

    async def _fetch(self, connection: RelayConnection, wanted: KeysWanted) -> bool:
        """Fetch for one peer; False if its token was refused."""
        peer = wanted.peer.name
        try:
            question = await self._ask(connection, wanted)
        except RelayRefusal as refusal:
            if self._anonymous and refusal.code in TOKEN_REFUSED:
                await self._shared.write(lambda tx: fetching.token_refused(tx, wanted))
                return False
            await self._take_refusal(peer, refusal)
        except RefusedByRelay as problem:
            # Forged or too old; the messages stay queued, in case a later answer is better. Under
            # the same id it would be the same.
            await self._shared.write(lambda tx: peer_keys.forget_fetch_id(tx, peer))
            self.holdoffs.hold(peer, _RESIGNED_S, problem)
            self._shared.changed.ring()
        else:
            self._shared.tell([HistoryChanged(peer), *([question] if question else [])])
        return True

    async def _ask(self, connection: RelayConnection, wanted: KeysWanted) -> TrustQuestion | None:
        """Fetch and store the keys; give a new question for the user, if they raise one."""
        peer, surroundings = wanted.peer, self._shared.surroundings
        token = None if wanted.token is None else wanted.token.expose()
        if wanted.fetch_id is not None:
            fetch = FetchBundle(peer.name, peer.device, wanted.fetch_id, token)
            bundle = (await connection.request(fetch, BundleFetched)).bundle
            return await self._shared.write(
                lambda tx: fetching.bundle_arrived(tx, peer.name, bundle, surroundings)
            )
        ask = FetchSealingKey(peer.name, peer.device, token)
        answer = await connection.request(ask, SealingKeyFetched)
        identity, key = answer.identity, answer.sealing_key
        return await self._shared.write(
            lambda tx: fetching.sealing_key_arrived(tx, peer.name, identity, key, surroundings)
        )

    async def _take_refusal(self, peer: Name, refusal: RelayRefusal) -> None:
        if refusal.may_pass:
            asked_ms = refusal.retry_after_ms
            seconds = _PATIENCE_S if asked_ms is None else asked_ms / 1000
            self.holdoffs.hold(peer, seconds, refusal)
            self._shared.changed.ring()
            return
        self.holdoffs.hold(peer, _RESIGNED_S, refusal)
        await self._shared.write(lambda tx: submitting.give_up_waiting(tx, peer, refusal.reason))
        self._shared.tell([HistoryChanged(peer)])


def _waiting(tx: Transaction) -> list[Name]:
    """Give the peers for whom keys may have to be fetched, receipts and the like written."""
    return fetching.peers_waiting(tx) + held.peers(tx)
