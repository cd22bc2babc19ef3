"""What a store of blobs promises, whichever engine is behind it.

A blob is **whole** when all its bytes are on disk; until then nobody can read
it, list it or refresh it. What has expired is not there any more, whether it
has been removed already or not.

``tests/server/store/test_blobs.py`` is the conformance suite.

Spec: docs/protocol.md#blobs, docs/relay.md#blobs
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from protocol.ids import BlobId
from protocol.records import ListedBlob
from server.limits.values import BlobQuota
from server.store.interface import StoreError


class NoSuchBlob(StoreError):
    """No whole blob has this id; whether one ever had is not told."""


class BadWriteSecret(StoreError):
    """The blob was put under another secret."""


class BlobConflict(StoreError):
    """The blob has other bytes, or another size."""


class BlobTooLong(StoreError):
    """The blob would be over MAX_BLOB_BYTES: waiting does not help."""


class OverQuota(StoreError):
    """The source, or everybody together, has too much."""


@dataclass(frozen=True, slots=True)
class BlobPut:
    """Bytes of a blob.

    Attributes:
        blob_id: 32 bytes.
        secret_hash: SHA-256 of the write secret.
        offset: where ``data`` stands.
        size: of the whole blob.
        data: the bytes.
        source: who pays, if the blob is new: a pseudonym (:meth:`BlobStore.salt`).
    """

    blob_id: BlobId
    secret_hash: bytes
    offset: int
    size: int
    data: bytes
    source: bytes


@dataclass(frozen=True, slots=True)
class BlobSlice:
    """Some bytes of a blob, and the size of the whole."""

    size: int
    data: bytes


class BlobStore(Protocol):
    """Blobs. Every method may raise StoreTrouble; what changed is durable when it returns."""

    async def salt(self, fresh: bytes) -> bytes:
        """Give the salt for pseudonyms of sources.

        One that is BLOB_SALT_LIFE_MS old is overwritten by ``fresh``: from then
        on nobody can tell whose the older blobs are.
        """

    async def put(self, put: BlobPut, quota: BlobQuota) -> int:
        """Keep bytes that continue the blob, in whole pieces of BLOB_PIECE_BYTES, and its end.

        A blob begins with the first bytes that are kept, and counts with its
        whole size at once. Bytes known already must be the same; bytes behind a
        gap are passed over.

        Returns:
            The number of bytes from the start that are on disk.

        Raises:
            BadWriteSecret: the blob has another one.
            BlobConflict: it has other bytes, another size, or would grow over its size.
            BlobTooLong: ``put.size`` is over MAX_BLOB_BYTES.
            OverQuota: there is no room for a new one.
        """

    async def read(self, blob_id: BlobId, offset: int, length: int) -> BlobSlice:
        """Give bytes of a whole blob: ``length``, or MAX_BLOB_PART_BYTES, or what is left.

        Raises:
            NoSuchBlob: there is none, or not yet, or not any more.
        """

    async def delete(self, blob_id: BlobId, secret_hash: bytes) -> None:
        """Delete a blob, whole or not; nothing happens if there is none.

        Raises:
            BadWriteSecret: the blob has another one.
        """

    async def listed(
        self, secret_hash: bytes, after: BlobId | None, most: int
    ) -> tuple[ListedBlob, ...]:
        """Give the whole blobs of a secret, by id, behind ``after``."""

    async def refresh(
        self, secret_hash: bytes, blob_ids: Sequence[BlobId], source: bytes, quota: BlobQuota
    ) -> int:
        """Let whole blobs of a secret live for BLOB_LIFE_MS from now, at the expense of ``source``.

        Returns:
            How many there were.

        Raises:
            OverQuota: ``source`` has no room for those that others have paid so
                far; none was refreshed.
        """

    async def expire(self) -> int:
        """Remove what nobody refreshed; give the number of blobs."""

    async def close(self) -> None:
        """Let go of files."""
