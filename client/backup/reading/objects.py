"""One object of a manifest: read from the storage, opened, and compared with its entry.

The key proves who wrote it, the hash which version: an object that was put back to an earlier
one, or in another's place, fails by its key commitment or by its hash.

Spec: docs/backup.md#reading, docs/formats.md#objects
"""

import hashlib
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from client.backup.reading.fetching import read_part, read_whole
from client.backup.targets.interface import Target
from client.values import RunBlocking
from protocol.archive.entry import Entry
from protocol.archive.header import HEADER_BYTES
from protocol.archive.layout import ObjectKind
from protocol.archive.opening import (
    OPENING_BYTES,
    OpenObject,
    Span,
    open_bytes_untrusted,
    reader_of,
)
from protocol.archive.sealing import sealed_size
from protocol.errors import NotAnObject
from protocol.limits import MAX_OBJECT_BYTES

T = TypeVar("T")


class ContentDiffers(NotAnObject):
    """An object opens, and its content is not what the manifest says."""

    def __init__(self) -> None:
        super().__init__("its content is not what the manifest says")


async def read_object(
    target: Target, entry: Entry, run: RunBlocking, decode: Callable[[bytes], T]
) -> T:
    """Give what ``decode`` makes of the content of a small object, proven.

    Args:
        decode: is run beside the decryption, off the event loop.

    Raises:
        ObjectMissing, TargetError: it is not there, or the storage failed.
        PeerError: it is not the object that the entry means, or what ``decode`` raises.
    Cost: memory of its size, which the entry bounds.
    """
    kind = _known_kind(entry)
    stored = await read_whole(target, entry.path, sealed_size(entry.content_bytes))

    def opened() -> T:
        content = open_bytes_untrusted(kind, entry.key, stored)
        _require_hash(hashlib.sha256(content).digest(), entry)
        return decode(content)

    return await run(opened)


async def proven_parts(target: Target, entry: Entry, run: RunBlocking) -> AsyncIterator[bytes]:
    """Give the stored bytes of an object by about 1 MiB, each part once its content is proven.

    That the whole is what the manifest says is known only at the end.

    Raises:
        As :func:`read_object`.
    Cost: memory of two parts, whatever the object's size.
    """
    kind, digest = _known_kind(entry), hashlib.sha256()
    beginning = await read_part(target, entry.path, 0, OPENING_BYTES)
    opened = await run(lambda: OpenObject(kind, entry.key, reader_of(beginning)))
    yield beginning[:HEADER_BYTES]
    for span in opened.spans():
        stored = await read_part(target, entry.path, span.offset, span.length)

        def prove(span: Span = span, stored: bytes = stored) -> None:
            for block in opened.open_span(span, stored):
                digest.update(block)

        await run(prove)
        yield stored
    _require_hash(digest.digest(), entry)


async def verify_object(target: Target, entry: Entry, run: RunBlocking) -> None:
    """Read an object from end to end and keep nothing. Raises as :func:`read_object`."""
    async for _ in proven_parts(target, entry, run):
        pass


def _known_kind(entry: Entry) -> ObjectKind:
    if not entry.path or entry.content_bytes > MAX_OBJECT_BYTES:
        raise NotAnObject("its kind or size is a newer program's")
    return ObjectKind(entry.kind)


def _require_hash(digest: bytes, entry: Entry) -> None:
    if digest != entry.content_hash:
        raise ContentDiffers
