"""Keeps the relay's shelf of our one-time pairs filled, and the medium-lived keys young.

    due ──▶ UploadPrekeys ─┬─ PrekeysStored ─────▶ confirmed
                           └─ TOO_MANY_PREKEYS ──▶ its pairs forgotten; once more without pairs

An upload is stored whole or not at all. Our count may be an old one (another process of the profile
uploaded, or a PrekeysLow was already under way), so a refusal for the pairs must not keep the other
keys back; the answer to the second upload brings the true count.

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
from protocol.wire.messages import (
    FetchSealingKey,
    PrekeysStored,
    Refusal,
    SealingKeyFetched,
    UploadPrekeys,
)


class PrekeyShelf:
    """Our shelf at the relay, as seen over one connection."""

    def __init__(self, shared: Shared, connection: RelayConnection) -> None:
        self._shared = shared
        self._connection = connection
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
        count, surroundings = self._connection.one_time_count, self._shared.surroundings
        upload = await self._shared.write(
            lambda tx: prekey_upkeep.due_upload(tx, count, surroundings)
        )
        if upload is None:
            return
        try:
            await self._upload(upload)
        except RelayRefusal as refusal:
            if refusal.code != Refusal.TOO_MANY_PREKEYS or not upload.one_time_pairs:
                raise
            await self._shared.write(lambda tx: prekey_upkeep.pairs_refused(tx, upload))
            await self._upload(prekey_upkeep.without_pairs(upload))

    async def _upload(self, upload: UploadPrekeys) -> None:
        await self._connection.request(upload, PrekeysStored)
        await self._shared.write(lambda tx: prekey_upkeep.uploaded(tx, upload))
