"""Carries out requests about blobs, from whoever holds id and secret.

The store knows SHA-256 of write secrets and pseudonyms of sources only::

    pseudonym = HMAC-SHA-256(salt of this month, address)[:16]

So quotas hold over reconnects and restarts, and yet no list of addresses grows:
what a pseudonym meant is gone with its salt, for the operator too.

Spec: docs/protocol.md#blobs, docs/relay.md#blobs
"""

import hashlib
import hmac
from typing import Final

from protocol.limits import MAX_LISTED_BLOBS
from protocol.wire.messages import (
    Answer,
    BlobDeleted,
    BlobPart,
    BlobsListed,
    BlobsRefreshed,
    BlobStored,
    DeleteBlob,
    GetBlob,
    ListBlobs,
    PutBlob,
    RefreshBlobs,
)
from server.answers import refused_for
from server.limits.source import Source
from server.services import Services
from server.store.blobs import BlobPut
from server.store.interface import StoreError

BlobRequest = PutBlob | GetBlob | DeleteBlob | ListBlobs | RefreshBlobs

_SALT_BYTES: Final = 32
_PSEUDONYM_BYTES: Final = 16


class BlobClerk:
    """Serves one connection's requests about blobs."""

    __slots__ = ("_blobs", "_services", "_source")

    def __init__(self, services: Services, source: Source) -> None:
        self._services = services
        self._blobs = services.store.blobs
        self._source = source

    async def carry_out(self, request: BlobRequest) -> Answer:
        """Do what ``request`` asks, and give the answer to it."""
        try:
            return await self._answer_to(request)
        except StoreError as error:
            return refused_for(error)

    async def _answer_to(self, request: BlobRequest) -> Answer:
        match request:
            case PutBlob():
                return BlobStored(await self._put(request))
            case GetBlob():
                found = await self._blobs.read(request.blob_id, request.offset, request.length)
                return BlobPart(found.size, found.data)
            case DeleteBlob():
                await self._blobs.delete(request.blob_id, _hash(request.write_secret))
                return BlobDeleted()
            case ListBlobs():
                secret_hash = _hash(request.write_secret)
                return BlobsListed(
                    await self._blobs.listed(secret_hash, request.after, MAX_LISTED_BLOBS)
                )
            case RefreshBlobs():
                return BlobsRefreshed(await self._refresh(request))

    async def _put(self, request: PutBlob) -> int:
        put = BlobPut(
            request.blob_id,
            _hash(request.write_secret),
            request.offset,
            request.total,
            request.data,
            await self._pseudonym(),
        )
        return await self._blobs.put(put, self._services.limits.blobs)

    async def _refresh(self, request: RefreshBlobs) -> int:
        return await self._blobs.refresh(
            _hash(request.write_secret),
            request.blob_ids,
            await self._pseudonym(),
            self._services.limits.blobs,
        )

    async def _pseudonym(self) -> bytes:
        salt = await self._blobs.salt(self._services.random_bytes(_SALT_BYTES))
        return hmac.digest(salt, self._source.block, "sha256")[:_PSEUDONYM_BYTES]


def _hash(write_secret: bytes) -> bytes:
    return hashlib.sha256(write_secret).digest()
