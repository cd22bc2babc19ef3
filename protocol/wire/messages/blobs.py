"""Blobs: bytes that whoever knows their id may read, and whoever knows their secret may change.

No account is needed: the two 32-byte values are all the right there is. The
relay keeps SHA-256 of the write secret only.

Spec: docs/protocol.md#blobs
"""

from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from protocol.limits import MAX_BLOB_PART_BYTES, MAX_LISTED_BLOBS
from protocol.packing import U32, U64, Binary, Many
from protocol.records import BlobIdBytes, ListedBlob, WriteSecretBytes

BlobData = Annotated[bytes, Binary(0, MAX_BLOB_PART_BYTES)]


@dataclass(frozen=True, slots=True)
class PutBlob:
    """Client: these bytes stand at this offset of a blob of so many."""

    TAG: ClassVar[int] = 64
    blob_id: BlobIdBytes
    write_secret: WriteSecretBytes = field(repr=False)  # a traceback must not show it
    offset: U64
    total: U64
    data: BlobData


@dataclass(frozen=True, slots=True)
class BlobStored:
    """Relay: so many bytes from the start are on disk; go on from there."""

    TAG: ClassVar[int] = 65
    received: U64


@dataclass(frozen=True, slots=True)
class GetBlob:
    """Client: give me so many bytes from this offset."""

    TAG: ClassVar[int] = 66
    blob_id: BlobIdBytes
    offset: U64
    length: U32


@dataclass(frozen=True, slots=True)
class BlobPart:
    """Relay: the size of the whole, and bytes of it: as many as asked for, if there are."""

    TAG: ClassVar[int] = 67
    total: U64
    data: BlobData


@dataclass(frozen=True, slots=True)
class DeleteBlob:
    """Client: delete this blob."""

    TAG: ClassVar[int] = 68
    blob_id: BlobIdBytes
    write_secret: WriteSecretBytes = field(repr=False)  # a traceback must not show it


@dataclass(frozen=True, slots=True)
class BlobDeleted:
    """Relay: it is not there, or not any more."""

    TAG: ClassVar[int] = 69


@dataclass(frozen=True, slots=True)
class ListBlobs:
    """Client: which whole blobs have this secret, by id, after that id?"""

    TAG: ClassVar[int] = 70
    write_secret: WriteSecretBytes = field(repr=False)  # a traceback must not show it
    after: BlobIdBytes | None


@dataclass(frozen=True, slots=True)
class BlobsListed:
    """Relay: these; ask for more after the last one until there are none."""

    TAG: ClassVar[int] = 71
    blobs: Annotated[tuple[ListedBlob, ...], Many(MAX_LISTED_BLOBS)]


@dataclass(frozen=True, slots=True)
class RefreshBlobs:
    """Client: keep these blobs for a whole life from now on."""

    TAG: ClassVar[int] = 72
    write_secret: WriteSecretBytes = field(repr=False)  # a traceback must not show it
    blob_ids: Annotated[tuple[BlobIdBytes, ...], Many(MAX_LISTED_BLOBS)]


@dataclass(frozen=True, slots=True)
class BlobsRefreshed:
    """Relay: so many of them were there, whole and of this secret, and live on."""

    TAG: ClassVar[int] = 73
    count: U32
