"""What every engine of blobs decides in the same way: pure functions.

Spec: docs/protocol.md#blobs
"""

import hmac
from dataclasses import dataclass

from protocol.limits import (
    BLOB_LIFE_MS,
    BLOB_PIECE_BYTES,
    MAX_BLOB_BYTES,
    UNFINISHED_BLOB_LIFE_MS,
)
from server.limits.values import BlobQuota
from server.store.blobs import BadWriteSecret, BlobConflict, BlobPut, BlobTooLong, OverQuota


@dataclass(frozen=True, slots=True)
class Usage:
    """What a source has, and how much all have."""

    count: int
    size_bytes: int
    bytes_in_all: int


def require_possible(put: BlobPut) -> None:
    """Refuse what no blob can be."""
    if put.size > MAX_BLOB_BYTES:
        raise BlobTooLong
    if put.data and put.offset + len(put.data) > put.size:
        raise BlobConflict


def require_secret(kept: bytes, shown: bytes) -> None:
    """Refuse another write secret; both are SHA-256 of one."""
    if not hmac.compare_digest(kept, shown):
        raise BadWriteSecret


def require_room(usage: Usage, count: int, size_bytes: int, quota: BlobQuota) -> None:
    """Refuse ``count`` more blobs of together ``size_bytes`` for a source, if it is too much."""
    if (
        usage.count + count > quota.count
        or usage.size_bytes + size_bytes > quota.size_bytes
        or usage.bytes_in_all + size_bytes > quota.bytes_in_all
    ):
        raise OverQuota


def known_part(put: BlobPut, received: int) -> bytes:
    """Give the bytes of ``put`` that must be the same as those on disk, at ``put.offset``."""
    return put.data[: max(0, received - put.offset)]


def new_part(put: BlobPut, received: int) -> bytes:
    """Give the bytes of ``put`` to append: whole pieces, or all up to the blob's end."""
    if put.offset > received:
        return b""
    new = put.data[received - put.offset :]
    if received + len(new) == put.size:
        return new
    return new[: len(new) - len(new) % BLOB_PIECE_BYTES]


def expiry_ms(now_ms: int, received: int, size: int) -> int:
    """Give the time at which a blob goes that has got so far now."""
    return now_ms + (BLOB_LIFE_MS if received == size else UNFINISHED_BLOB_LIFE_MS)
