"""Blobs on a relay: put, get, list, refresh and delete, over a connection without a name.

Whoever holds a blob's id can read it, whoever holds its write secret can change it; who that is
does not matter, so use a connection on which nobody logs in. What is put should be ciphertext:
making it so is the caller's business, as is drawing ids.

    async with open_connection(dialed) as connection:
        blobs = RelayBlobs(connection)
        await blobs.put(blob_id, secret, data)
        assert await blobs.get(blob_id) == data

Every call may be repeated on a new connection when one was lost: a put goes on where the relay has
got to, and the others come to the same end. A relay that is asked too much in too short a time is
given the time it wants; all its other refusals are the caller's (:class:`RelayRefusal`).

Spec: docs/protocol.md#blobs
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import TypeVar

from client.errors import LocalError, RefusedByRelay
from client.network.asking import ask_patiently
from client.network.connection import RelayConnection
from protocol.ids import BlobId
from protocol.limits import MAX_BLOB_BYTES, MAX_BLOB_PART_BYTES, MAX_LISTED_BLOBS
from protocol.records import ListedBlob
from protocol.secret import Secret
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
    Request,
)

A = TypeVar("A", bound=Answer)

PartOf = Callable[[int, int], Awaitable[bytes]]
"""Gives so many bytes from an offset."""


class WriteSecret(Secret):
    """32 random bytes: who knows them may change the blobs put under them, and list these."""


class RelayBlobs:
    """The blobs of one relay, as one connection reaches them."""

    def __init__(self, connection: RelayConnection) -> None:
        self._connection = connection

    async def put(self, blob_id: BlobId, secret: WriteSecret, data: bytes) -> None:
        """Put ``data`` under ``blob_id``; when this returns it is on the relay's disk.

        Raises:
            LocalError: ``data`` is over MAX_BLOB_BYTES.
            RelayRefusal: CONFLICT if the id has other bytes, QUOTA if there is no room.
            RefusedByRelay: the relay takes nothing.
            ConnectionLost: some of it may be there; put the same again.
        """

        async def part_of(offset: int, length: int) -> bytes:
            return data[offset : offset + length]

        await self.put_from(blob_id, secret, len(data), part_of)

    async def put_from(
        self, blob_id: BlobId, secret: WriteSecret, size: int, part_of: PartOf
    ) -> None:
        """Put what ``part_of`` gives, ``size`` bytes, without holding all of it; see :meth:`put`.

        Args:
            part_of: gives the bytes at an offset, as many as asked for or up to the end; the same
                whenever it is asked.
        """
        if size > MAX_BLOB_BYTES:
            raise LocalError(
                "This is too long for one blob.",
                why=f"It has {size} bytes, and a relay takes {MAX_BLOB_BYTES}.",
                hint="Cut it in several.",
            )
        received, before = 0, -1
        while received < size or before < 0:
            if received <= before:
                raise _misbehaves("It takes no more bytes of a blob.")
            before = received
            part = await part_of(before, MAX_BLOB_PART_BYTES)
            request = PutBlob(blob_id, secret.expose(), before, size, part)
            received = min((await self._ask(request, BlobStored)).received, size)

    async def get(self, blob_id: BlobId) -> bytes:
        """Give the whole blob.

        Raises:
            RelayRefusal: NO_SUCH_BLOB.
            RefusedByRelay: the relay gives other sizes than it says.
            ConnectionLost: get it again.
        """
        first = await self.get_part(blob_id, 0, MAX_BLOB_PART_BYTES)
        if first.total > MAX_BLOB_BYTES:
            raise _misbehaves("It claims a blob that is longer than it may be.")
        data = bytearray(first.data)
        while len(data) < first.total:
            part = await self.get_part(blob_id, len(data), MAX_BLOB_PART_BYTES)
            if part.total != first.total or not part.data:
                raise _misbehaves("A blob changed while it was read.")
            data += part.data
        if len(data) != first.total:
            raise _misbehaves("It gave more of a blob than there is.")
        return bytes(data)

    async def get_part(self, blob_id: BlobId, offset: int, length: int) -> BlobPart:
        """Give up to ``length`` bytes at ``offset``, at most MAX_BLOB_PART_BYTES, and the size."""
        part = await self._ask(GetBlob(blob_id, offset, length), BlobPart)
        if len(part.data) > length:
            raise _misbehaves("It gave more of a blob than was asked for.")
        return part

    async def listed(self, secret: WriteSecret) -> AsyncGenerator[ListedBlob, None]:
        """Give the whole blobs under ``secret``, by id, asking for more as they are taken.

        Whoever leaves early closes it (``contextlib.aclosing``).
        """
        after: BlobId | None = None
        while True:
            answer = await self._ask(ListBlobs(secret.expose(), after), BlobsListed)
            for blob in answer.blobs:
                if after is not None and blob.blob_id <= after:
                    raise _misbehaves("Its list of blobs goes round in circles.")
                after = blob.blob_id
                yield blob
            if not answer.blobs:
                return

    async def refresh(self, secret: WriteSecret, blob_ids: Sequence[BlobId]) -> int:
        """Keep blobs for a whole life from now on; give the number of those that were there."""
        count = 0
        for start in range(0, len(blob_ids), MAX_LISTED_BLOBS):
            some = tuple(blob_ids[start : start + MAX_LISTED_BLOBS])
            answer = await self._ask(RefreshBlobs(secret.expose(), some), BlobsRefreshed)
            count += answer.count
        return count

    async def delete(self, blob_id: BlobId, secret: WriteSecret) -> None:
        """Delete a blob; it is no error if there is none."""
        await self._ask(DeleteBlob(blob_id, secret.expose()), BlobDeleted)

    async def _ask(self, request: Request, expected: type[A]) -> A:
        return await ask_patiently(self._connection, request, expected)


def _misbehaves(why: str) -> RefusedByRelay:
    return RefusedByRelay(
        "The relay does not keep blobs as it should.",
        why=why,
        hint="Tell whoever runs it, or use another relay.",
    )
