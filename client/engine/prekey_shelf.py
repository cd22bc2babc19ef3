"""Keeps the relay's shelf of our one-time pairs filled, and the medium-lived keys young.

Spec: docs/protocol.md#prekeys
"""

import trio

from client.engine.shared import Shared
from client.messaging import prekey_doubts, prekey_upkeep
from client.network.connection import RelayConnection
from client.network.refusals import RelayRefusal
from client.store import account
from protocol.ids import DeviceAddress
from protocol.records import SignedSealingKey
from protocol.wire.messages import FetchSealingKey, PrekeysStored, Refusal, SealingKeyFetched


class PrekeyShelf:
    """Our shelf at the relay, as seen over one connection."""

    def __init__(self, shared: Shared, connection: RelayConnection, count: int) -> None:
        self._shared = shared
        self._connection = connection
        self.count = count
        """One-time pairs there, as the relay said last."""
        self._one_at_a_time = trio.Lock()

    async def compare(self) -> None:
        """Look at what the relay has in our name: its disk or ours may have been put back.

        Raises:
            RelayRefusal, ConnectionLost: as for any request.
        """
        own = await self._shared.read(lambda tx: account.get(tx).device.address)
        on_record = await self._on_record(own)
        await self._shared.write(lambda tx: prekey_doubts.compare(tx, on_record))

    async def _on_record(self, own: DeviceAddress) -> SignedSealingKey | None:
        ask = FetchSealingKey(own.name, own.device, None)
        try:
            return (await self._connection.request(ask, SealingKeyFetched)).sealing_key
        except RelayRefusal as refusal:
            if refusal.code != Refusal.NO_PREKEYS:
                raise
            return None

    async def refill(self) -> None:
        """Upload what is due, if anything; the private halves are on disk before.

        Raises:
            RelayRefusal: the relay does not take it.
            ConnectionLost: it may or may not have it; the next login tells.
        """
        async with self._one_at_a_time:
            await self._refill()

    async def _refill(self) -> None:
        upload = await self._shared.write(
            lambda tx: prekey_upkeep.due_upload(tx, self.count, self._shared.surroundings)
        )
        if upload is None:
            return
        try:
            stored = await self._connection.request(upload, PrekeysStored)
        except RelayRefusal as refusal:
            if refusal.code != Refusal.TOO_MANY_PREKEYS:
                raise
            return  # our count was an old one: the shelf is full
        self.count = stored.one_time_count
        await self._shared.write(lambda tx: prekey_upkeep.uploaded(tx, upload))
