"""Sealing an object: content goes in by blocks, ciphertext comes out by chunks.

The length has to be known first, since it decides the padding and stands in the
header; memory is two chunks, whatever the length. A salt is drawn at each call,
so an upload that was cut off either sends the stored bytes again or begins anew
with another key stream.

Spec: docs/formats.md#objects
"""

from collections.abc import Iterable, Iterator

from protocol.archive.header import HEADER_BYTES, new_header
from protocol.archive.keys import ObjectKey
from protocol.archive.layout import ObjectKind
from protocol.archive.shape import LENGTH_BYTES, TAG_BYTES, Chunks, padded_size
from protocol.encoding import u64
from protocol.errors import ContentSizeDiffers, TooLong
from protocol.limits import MAX_OBJECT_BYTES, OBJECT_CHUNK_BYTES
from protocol.randomness import RandomBytes


def sealed_size(content_bytes: int) -> int:
    """Give how many bytes an object takes in a storage."""
    padded = padded_size(content_bytes)
    return HEADER_BYTES + padded + Chunks(padded).count * TAG_BYTES


def seal_object(
    kind: ObjectKind,
    key: ObjectKey,
    content: Iterable[bytes],
    content_bytes: int,
    random_bytes: RandomBytes,
) -> Iterator[bytes]:
    """Seal ``content``; what is yielded, joined, is the object.

    Args:
        content: blocks of any size; keep them small to keep memory small.
        content_bytes: their sum.
        random_bytes: draws the salt.

    Yields:
        The header, then each chunk.

    Raises:
        TooLong: over MAX_OBJECT_BYTES.
        ContentSizeDiffers: the blocks are not ``content_bytes`` in sum. What was
            yielded until then is no object: throw it away.
    """
    if content_bytes > MAX_OBJECT_BYTES:
        raise TooLong("object", content_bytes, MAX_OBJECT_BYTES)
    chunks = Chunks(padded_size(content_bytes))
    header, cipher = new_header(kind, key, chunks.padded_bytes, random_bytes)
    yield header
    for index, plain in enumerate(_padded_chunks(content, content_bytes, chunks.padded_bytes)):
        yield cipher.encrypt(chunks.nonce(index), plain, header)


def seal_bytes(
    kind: ObjectKind, key: ObjectKey, content: bytes, random_bytes: RandomBytes
) -> bytes:
    """Seal ``content`` as :func:`seal_object` does, at once."""
    return b"".join(seal_object(kind, key, [content], len(content), random_bytes))


def _padded_chunks(
    content: Iterable[bytes], promised: int, padded_bytes: int
) -> Iterator[memoryview]:
    """Cut length, content and zeros into chunks, all full but the last."""
    held, held_bytes, left = [u64(promised)], LENGTH_BYTES, promised
    for block in content:
        held.append(block)
        held_bytes, left = held_bytes + len(block), left - len(block)
        if left < 0:
            raise ContentSizeDiffers(promised)
        # Joined only when a chunk is there, so that small blocks are copied once as well.
        if held_bytes > OBJECT_CHUNK_BYTES:
            *full, rest = _cut(b"".join(held))
            yield from full
            held, held_bytes = [bytes(rest)], len(rest)
    if left:
        raise ContentSizeDiffers(promised)
    zeros = bytes(padded_bytes - LENGTH_BYTES - promised)
    yield from _cut(b"".join([*held, zeros]))


def _cut(joined: bytes) -> list[memoryview]:
    view = memoryview(joined)
    return [view[at : at + OBJECT_CHUNK_BYTES] for at in range(0, len(view), OBJECT_CHUNK_BYTES)]
