"""Blobs in memory: the plainest statement of what a store of blobs promises."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import trio

from protocol.ids import BlobId
from protocol.limits import BLOB_SALT_LIFE_MS, MAX_BLOB_PART_BYTES
from protocol.records import ListedBlob
from server.limits.values import BlobQuota
from server.store.blob_rules import (
    Usage,
    expiry_ms,
    known_part,
    new_part,
    require_possible,
    require_room,
    require_secret,
)
from server.store.blobs import BlobConflict, BlobPut, BlobSlice, NoSuchBlob


@dataclass
class _Blob:
    secret_hash: bytes
    source: bytes
    size: int
    expires_ms: int
    data: bytes = b""

    @property
    def is_whole(self) -> bool:
        return len(self.data) == self.size


class MemoryBlobs:
    """Blobs without a disk (see :class:`server.store.blobs.BlobStore`)."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._blobs: dict[BlobId, _Blob] = {}
        self._salt: tuple[bytes, int] | None = None

    async def salt(self, fresh: bytes) -> bytes:
        """Give the salt, or take a new one."""
        await trio.lowlevel.checkpoint()
        now_ms = self._now_ms()
        if self._salt is None or self._salt[1] + BLOB_SALT_LIFE_MS <= now_ms:
            self._salt = (fresh, now_ms)
        return self._salt[0]

    async def put(self, put: BlobPut, quota: BlobQuota) -> int:
        """Keep bytes that continue a blob."""
        await trio.lowlevel.checkpoint()
        require_possible(put)
        blob = self._find(put.blob_id)
        if blob is not None:
            require_secret(blob.secret_hash, put.secret_hash)
        received = 0 if blob is None else len(blob.data)
        known = b"" if blob is None else blob.data[put.offset :][: len(put.data)]
        if (blob is not None and blob.size != put.size) or known != known_part(put, received):
            raise BlobConflict
        new = new_part(put, received)
        if not new and (blob is not None or put.size):
            return received
        if blob is None:
            require_room(self._usage(put.source), 1, put.size, quota)
            blob = self._blobs[put.blob_id] = _Blob(put.secret_hash, put.source, put.size, 0)
        blob.data += new
        blob.expires_ms = expiry_ms(self._now_ms(), len(blob.data), blob.size)
        return len(blob.data)

    async def read(self, blob_id: BlobId, offset: int, length: int) -> BlobSlice:
        """Give bytes of a whole blob."""
        await trio.lowlevel.checkpoint()
        blob = self._find(blob_id)
        if blob is None or not blob.is_whole:
            raise NoSuchBlob
        return BlobSlice(blob.size, blob.data[offset:][: min(length, MAX_BLOB_PART_BYTES)])

    async def delete(self, blob_id: BlobId, secret_hash: bytes) -> None:
        """Delete a blob."""
        await trio.lowlevel.checkpoint()
        blob = self._find(blob_id)
        if blob is not None:
            require_secret(blob.secret_hash, secret_hash)
            del self._blobs[blob_id]

    async def listed(
        self, secret_hash: bytes, after: BlobId | None, most: int
    ) -> tuple[ListedBlob, ...]:
        """Give whole blobs of a secret."""
        await trio.lowlevel.checkpoint()
        found = [
            ListedBlob(blob_id, blob.size, blob.expires_ms)
            for blob_id, blob in sorted(self._of(secret_hash))
            if after is None or blob_id > after
        ]
        return tuple(found[:most])

    async def refresh(
        self, secret_hash: bytes, blob_ids: Sequence[BlobId], source: bytes, quota: BlobQuota
    ) -> int:
        """Let whole blobs of a secret live on."""
        await trio.lowlevel.checkpoint()
        wanted = frozenset(blob_ids)
        found = [blob for blob_id, blob in self._of(secret_hash) if blob_id in wanted]
        moved = [blob for blob in found if blob.source != source]
        # They are in the sum of all already: what moves is not counted there twice.
        size_bytes = sum(blob.size for blob in moved)
        usage = self._usage(source)
        rest = Usage(usage.count, usage.size_bytes, usage.bytes_in_all - size_bytes)
        if moved:
            require_room(rest, len(moved), size_bytes, quota)
        for blob in found:
            blob.source = source
            blob.expires_ms = expiry_ms(self._now_ms(), blob.size, blob.size)
        return len(found)

    async def expire(self) -> int:
        """Remove what nobody refreshed."""
        await trio.lowlevel.checkpoint()
        old = [blob_id for blob_id in self._blobs if self._find(blob_id) is None]
        for blob_id in old:
            del self._blobs[blob_id]
        return len(old)

    async def close(self) -> None:
        """Let go of nothing."""
        await trio.lowlevel.checkpoint()

    def _find(self, blob_id: BlobId) -> _Blob | None:
        blob = self._blobs.get(blob_id)
        return None if blob is None or blob.expires_ms <= self._now_ms() else blob

    def _of(self, secret_hash: bytes) -> Iterator[tuple[BlobId, _Blob]]:
        """Give the whole blobs of a secret, in no order."""
        for blob_id in self._blobs:
            blob = self._find(blob_id)
            if blob is not None and blob.is_whole and blob.secret_hash == secret_hash:
                yield blob_id, blob

    def _usage(self, source: bytes) -> Usage:
        living = [blob for blob_id in self._blobs if (blob := self._find(blob_id)) is not None]
        theirs = [blob.size for blob in living if blob.source == source]
        return Usage(len(theirs), sum(theirs), sum(blob.size for blob in living))
