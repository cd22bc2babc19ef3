"""Opening an object, whole or at any offset, through a function that reads it.

Each chunk is authenticated before a byte of it is given away. A read in the
middle proves what it gives and no more; whoever has to know that an object is
whole reads all its blocks, or lets :meth:`OpenObject.verify` do so.

Spec: docs/formats.md#objects
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag

from protocol.archive.header import HEADER_BYTES, open_header_untrusted
from protocol.archive.keys import ObjectKey
from protocol.archive.layout import ObjectKind
from protocol.archive.shape import LENGTH_BYTES, SEALED_CHUNK_BYTES, Chunks, padded_size
from protocol.errors import (
    NotAnObject,
    ObjectDamaged,
    ObjectExtended,
    ObjectTruncated,
)
from protocol.limits import OBJECT_CHUNK_BYTES

ReadAt = Callable[[int, int], bytes]
"""Gives the bytes at (offset, length) of a stored object; fewer only at its end."""

OPENING_BYTES: Final = HEADER_BYTES + SEALED_CHUNK_BYTES + 1
"""The beginning of an object that is enough to open it."""

_CHUNKS_PER_READ: Final = 16
"""A read of 1 MiB: large enough for a disk, small enough for memory."""


@dataclass(frozen=True, slots=True)
class Span:
    """Neighbouring chunks of a stored object: ``size`` bytes from ``offset``.

    ``length`` is what to ask for: with the last chunk one byte more, which must not be there.
    """

    chunks: range
    offset: int
    size: int
    ends: bool

    @property
    def length(self) -> int:
        """How many bytes to ask for."""
        return self.size + self.ends


class OpenObject:
    """One object whose header fits its key.

    Opening reads the header and the first chunk, OPENING_BYTES at most.
    """

    def __init__(self, kind: ObjectKind, key: ObjectKey, read_at: ReadAt) -> None:
        """Open an object.

        Raises:
            NotAnObject: it is no object of this kind, or its padding is wrong.
            UnsupportedVersion: a newer object.
            ObjectNotOpened: it is another key's, or its header was changed.
            ObjectDamaged: its first chunk was changed.
            ObjectTruncated: it ends there.
            ObjectExtended: it has one chunk, and goes on after it.
        """
        self._read_at = read_at
        self._header = read_at(0, HEADER_BYTES)
        front, self._cipher = open_header_untrusted(self._header, kind, key)
        self._chunks = Chunks(front.padded_bytes)
        first = next(self._plain_chunks(0, 1))
        self.content_bytes = int.from_bytes(first[:LENGTH_BYTES])
        if padded_size(self.content_bytes) != front.padded_bytes:
            raise NotAnObject("its length does not fit its padding")

    def read(self, offset: int, length: int) -> bytes:
        """Give content from ``offset``, fewer than ``length`` bytes only at its end.

        Raises:
            ObjectDamaged: a chunk on the way was changed or moved.
            ObjectTruncated: it is missing.
            ObjectExtended: the last chunk is not the end.
        Cost: the chunks that hold it.
        """
        length = min(length, self.content_bytes - offset)
        if length <= 0:
            return b""
        start = LENGTH_BYTES + offset
        first, last = start // OBJECT_CHUNK_BYTES, (start + length - 1) // OBJECT_CHUNK_BYTES
        joined = b"".join(self._plain_chunks(first, last + 1))
        skip = start - first * OBJECT_CHUNK_BYTES
        return joined[skip : skip + length]

    def blocks(self) -> Iterator[bytes]:
        """Give the whole content in blocks of at most a chunk, and prove the end.

        Raises:
            As :meth:`read`, and
            NotAnObject: something but zeros follows the content.
        """
        for span in self.spans():
            yield from self.open_span(span, self._read_at(span.offset, span.length))

    def spans(self) -> Iterator[Span]:
        """Give the stored parts to be read one after the other, for who has to wait for each."""
        for start in range(0, self._chunks.count, _CHUNKS_PER_READ):
            yield self._span(range(start, min(start + _CHUNKS_PER_READ, self._chunks.count)))

    def open_span(self, span: Span, stored: bytes) -> Iterator[bytes]:
        """Give the content of one of :meth:`spans` in blocks; all of them prove the end.

        Raises:
            As :meth:`blocks`.
        """
        start = span.chunks.start * OBJECT_CHUNK_BYTES
        end = LENGTH_BYTES + self.content_bytes
        for plain in self._open_chunks(span, stored):
            content = plain[max(0, LENGTH_BYTES - start) : max(0, end - start)]
            rest = plain[max(0, end - start) :]
            if rest.count(0) != len(rest):
                raise NotAnObject("its padding is not zeros")
            start += len(plain)
            if content:
                yield content

    def verify(self) -> None:
        """Read the whole object and keep nothing. Raises as :meth:`blocks`."""
        for _ in self.blocks():
            pass

    def _plain_chunks(self, first: int, stop: int) -> Iterator[bytes]:
        for start in range(first, stop, _CHUNKS_PER_READ):
            span = self._span(range(start, min(start + _CHUNKS_PER_READ, stop)))
            yield from self._open_chunks(span, self._read_at(span.offset, span.length))

    def _span(self, chunks: range) -> Span:
        """Give where neighbouring chunks lie; after the last one a byte more is looked for."""
        size = sum(map(self._chunks.sealed_bytes, chunks))
        ends = chunks.stop == self._chunks.count
        return Span(chunks, HEADER_BYTES + chunks.start * SEALED_CHUNK_BYTES, size, ends)

    def _open_chunks(self, span: Span, stored: bytes) -> Iterator[bytes]:
        if len(stored) > span.size:
            raise ObjectExtended
        if len(stored) < span.size:
            raise ObjectTruncated(span.chunks.start + len(stored) // SEALED_CHUNK_BYTES)
        view = memoryview(stored)
        for index in span.chunks:
            at = (index - span.chunks.start) * SEALED_CHUNK_BYTES
            yield self._open_chunk(index, view[at:][:SEALED_CHUNK_BYTES])

    def _open_chunk(self, index: int, sealed: memoryview) -> bytes:
        try:
            return self._cipher.decrypt(self._chunks.nonce(index), sealed, self._header)
        except InvalidTag as error:
            raise ObjectDamaged(index) from error


def open_bytes_untrusted(kind: ObjectKind, key: ObjectKey, stored: bytes) -> bytes:
    """Open a whole object held in memory, and prove its end.

    Raises:
        PeerError: as :class:`OpenObject` and its ``blocks``.
    """
    return b"".join(OpenObject(kind, key, reader_of(stored)).blocks())


def reader_of(stored: bytes) -> ReadAt:
    """Give the function that reads an object held in memory."""
    return lambda offset, length: stored[offset : offset + length]
