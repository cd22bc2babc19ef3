"""What a relay keeps under two ids in turn: read the newer one, write over the older one.

Which one that is, is decided in :mod:`client.backup.targets.alternating`.

Spec: docs/formats.md#on-a-relay
"""

from typing import Final

from client.backup.targets import alternating
from client.backup.targets.blob_line import BlobLine
from client.network.blobs import RelayBlobs, WriteSecret
from client.network.refusals import RelayRefusal
from protocol.archive.locator import Locator
from protocol.ids import BlobId
from protocol.wire.messages import Refusal

_TURNS: Final = (0, 1)


class ReplacedBlobs:
    """``keyring`` and ``head`` at a relay; errors are those of :class:`RelayBlobs`."""

    def __init__(self, locator: Locator, line: BlobLine) -> None:
        self._locator, self._line = locator, line

    def ids(self, path: str) -> list[BlobId]:
        """Give both ids of ``path``."""
        return [self._locator.blob_id(path, turn) for turn in _TURNS]

    async def newest(self, path: str) -> bytes | None:
        """Give the newer one of both, or None if there is none.

        It looks twice: a writer who replaced twice may have been between both looks.
        """
        for _ in range(2):
            newest = alternating.newest(await self._generations(path))
            if newest is not None:
                return newest.data
        return None

    async def replace(self, path: str, data: bytes, secret: WriteSecret) -> None:
        """Put ``data`` in the place of the older one, unless it is the newer one already."""
        write = alternating.next_write(await self._generations(path), data)
        if write is None:
            return
        blob_id = self._locator.blob_id(path, write.turn)
        await self._line.ask(lambda blobs: blobs.delete(blob_id, secret))
        await self._line.ask(lambda blobs: blobs.put(blob_id, secret, write.stored))

    async def _generations(self, path: str) -> list[alternating.Generation]:
        first, second = self.ids(path)
        stored = [await self._stored(first), await self._stored(second)]
        return alternating.read_both(stored)

    async def _stored(self, blob_id: BlobId) -> bytes | None:
        return await self._line.ask(lambda blobs: _whole_or_none(blobs, blob_id))


async def _whole_or_none(blobs: RelayBlobs, blob_id: BlobId) -> bytes | None:
    """Give a blob in one part; None if there is none, or it is longer than it may be."""
    try:
        part = await blobs.get_part(blob_id, 0, alternating.MAX_STORED_BYTES)
    except RelayRefusal as refusal:
        if refusal.code == Refusal.NO_SUCH_BLOB:
            return None
        raise
    return part.data if len(part.data) == part.total else None
