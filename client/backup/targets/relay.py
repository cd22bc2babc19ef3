"""The blobs of a relay as a target: ``relay:LOCATOR``.

    path ── HKDF(locator, path) ──▶ blob id

The relay sees ids, sizes, times and an address; no names, and nobody logs in. What is replaced
alternates between two ids (:class:`ReplacedBlobs`). The locator reads; changing
takes the write secret as well.

Spec: docs/formats.md#on-a-relay
"""

from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping
from contextlib import aclosing, asynccontextmanager

from client.backup.targets import relay_faults
from client.backup.targets.blob_line import BlobLine, Dial, blob_line
from client.backup.targets.interface import (
    MAX_REPLACED_BYTES,
    REPLACED_PATHS,
    Listed,
    ObjectMissing,
    Source,
)
from client.backup.targets.listing import ListLimit
from client.backup.targets.replaced_blobs import ReplacedBlobs
from client.network.blobs import RelayBlobs, WriteSecret
from client.network.refusals import RelayRefusal
from protocol.archive.layout import KEYRING_PATH
from protocol.archive.locator import Locator
from protocol.ids import BlobId
from protocol.limits import MAX_BLOB_PART_BYTES
from protocol.wire.messages import Refusal


class RelayTarget:
    """Objects at a relay; see :class:`client.backup.targets.interface.Target`."""

    def __init__(self, locator: Locator, secret: WriteSecret | None, line: BlobLine) -> None:
        self.where = f"relay:{locator}"
        self._locator, self._secret, self._line = locator, secret, line
        self._replaced = ReplacedBlobs(locator, line)

    async def prepare(self) -> None:
        """See that the relay answers; there is nothing to be made."""
        await self.size(KEYRING_PATH)

    async def put(self, path: str, source: Source) -> None:
        """Put a blob, over other bytes once those are deleted."""
        secret = self._write_secret()
        with relay_faults.told_about(self.where, path):
            if path in REPLACED_PATHS:
                await self._replace(path, source, secret)
            else:
                blob_id = self._locator.blob_id(path)
                await self._line.ask(lambda blobs: _put_over(blobs, blob_id, secret, source))

    async def size(self, path: str) -> int | None:
        """Give a blob's size."""
        try:
            if path in REPLACED_PATHS:
                return len(await self._newest(path))
            return (await self._part(path, 0, 0))[1]
        except ObjectMissing:
            return None

    async def read(self, path: str, offset: int, length: int) -> bytes:
        """Give a part of a blob."""
        if path in REPLACED_PATHS:
            return (await self._newest(path))[offset : offset + length]
        part, total = await self._part(path, offset, length)
        data = bytearray(part)
        wanted = min(length, total - offset)
        while len(data) < wanted:
            data += (await self._part(path, offset + len(data), wanted - len(data)))[0]
        return bytes(data)

    async def listed(self, known: Collection[str] = ()) -> AsyncGenerator[Listed, None]:
        """List what is there of ``known``, and what is replaced."""
        names = {self._locator.blob_id(path): path for path in known if path not in REPLACED_PATHS}
        for entry in await self._found(names):
            yield entry
        for path in sorted(REPLACED_PATHS):
            size = await self.size(path)
            if size is not None:
                yield Listed(path, size)

    async def delete(self, path: str) -> None:
        """Delete a blob, or both that a replaced one alternates between."""
        secret = self._write_secret()

        async def delete_all(blobs: RelayBlobs) -> None:
            for blob_id in self._ids(path):
                await blobs.delete(blob_id, secret)

        with relay_faults.told_about(self.where, path):
            await self._line.ask(delete_all)

    async def keep(self, paths: Collection[str]) -> None:
        """Let blobs live another 90 days."""
        once = [path for path in paths if path not in REPLACED_PATHS]
        gone = len(once) - await self._refresh([self._locator.blob_id(path) for path in once])
        if gone:
            raise relay_faults.expired(self.where, once[0], gone)
        for path in REPLACED_PATHS.intersection(paths):
            if not await self._refresh(self._ids(path)):
                raise relay_faults.expired(self.where, path, 1)

    # --- inside ---------------------------------------------------------------

    def _write_secret(self) -> WriteSecret:
        if self._secret is None:
            raise relay_faults.read_only(self.where)
        return self._secret

    def _ids(self, path: str) -> list[BlobId]:
        is_replaced = path in REPLACED_PATHS
        return self._replaced.ids(path) if is_replaced else [self._locator.blob_id(path)]

    async def _part(self, path: str, offset: int, length: int) -> tuple[bytes, int]:
        """Give up to MAX_BLOB_PART_BYTES at ``offset``, and the size of the whole."""
        wanted = min(length, MAX_BLOB_PART_BYTES)
        blob_id = self._locator.blob_id(path)
        with relay_faults.told_about(self.where, path):
            part = await self._line.ask(lambda blobs: blobs.get_part(blob_id, offset, wanted))
        # A total that changes on the way shows here too: a part ends too early, or too late.
        if len(part.data) != max(0, min(wanted, part.total - offset)):
            raise relay_faults.misbehaves(self.where, path)
        return part.data, part.total

    async def _replace(self, path: str, source: Source, secret: WriteSecret) -> None:
        if source.size > MAX_REPLACED_BYTES:
            raise relay_faults.too_long(self.where, path, source.size)
        await self._replaced.replace(path, await source.read(0, source.size), secret)

    async def _newest(self, path: str) -> bytes:
        with relay_faults.told_about(self.where, path):
            data = await self._replaced.newest(path)
        if data is None:
            raise relay_faults.never_there(self.where, path)
        return data

    async def _found(self, names: Mapping[BlobId, str]) -> list[Listed]:
        """List the blobs that have a name, from the beginning if the connection is lost."""
        secret = self._write_secret()

        async def whole_list(blobs: RelayBlobs) -> list[Listed]:
            limit, found = ListLimit(self.where), []
            async with aclosing(blobs.listed(secret)) as listed:
                async for blob in listed:
                    limit.count()
                    if blob.blob_id in names:
                        found.append(Listed(names[blob.blob_id], blob.size))
            return found

        with relay_faults.told_about(self.where, KEYRING_PATH):
            return await self._line.ask(whole_list)

    async def _refresh(self, ids: list[BlobId]) -> int:
        secret = self._write_secret()
        with relay_faults.told_about(self.where, KEYRING_PATH):
            return await self._line.ask(lambda blobs: blobs.refresh(secret, ids))


async def _put_over(
    blobs: RelayBlobs, blob_id: BlobId, secret: WriteSecret, source: Source
) -> None:
    """Put a blob; what an earlier try left there with other bytes goes first."""
    try:
        await blobs.put_from(blob_id, secret, source.size, source.read)
    except RelayRefusal as refusal:
        if refusal.code != Refusal.CONFLICT:
            raise
        await blobs.delete(blob_id, secret)
        await blobs.put_from(blob_id, secret, source.size, source.read)


@asynccontextmanager
async def relay_target(
    locator: Locator, secret: WriteSecret | None, dial: Dial
) -> AsyncIterator[RelayTarget]:
    """Make a target over a connection of its own, closed at the end of the block.

    Args:
        secret: the archive's write secret; None reads only.
        dial: opens a stream to the relay.
    """
    async with blob_line(dial) as line:
        yield RelayTarget(locator, secret, line)
