"""The manifest: everything one backup consists of, with each object's own key.

    offset  size
         0     1  version = 1
         1     3  retained days, weeks, months: u8 each
         4     4  number of entries: u32
         8    16  archive id
        24     8  epoch: u64
        32     8  made at: u64
        40    24  zeros
        64     .  entries of 192 bytes

It is the content of an object under the manifest key, and never compressed: keys
beside names that strangers chose would leak by their compressed size. Earlier
backups that are retained stand in it as entries too, so that the newest head
vouches for them.

Spec: docs/formats.md#manifest
"""

import hashlib
import struct
from dataclasses import dataclass
from typing import Final, Self

from protocol.archive.entry import ENTRY_BYTES, Entry
from protocol.archive.head import Head
from protocol.archive.keys import ArchiveRoot, manifest_key
from protocol.archive.layout import ObjectKind
from protocol.archive.opening import open_bytes_untrusted
from protocol.archive.retention import Retention
from protocol.archive.sealing import seal_bytes
from protocol.errors import ManifestReplaced, TooLong, UnsupportedVersion, WireError
from protocol.limits import MAX_MANIFEST_ENTRIES
from protocol.randomness import RandomBytes

MANIFEST_VERSION: Final = 1
_FRONT: Final = struct.Struct(">BBBBI16sQQ24x")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds."""

    archive_id: bytes
    epoch: int
    made_at_ms: int
    retention: Retention
    entries: tuple[Entry, ...]

    def encode(self) -> bytes:
        """Give the object's content.

        Raises:
            TooLong: over MAX_MANIFEST_ENTRIES.
        """
        count, keep = len(self.entries), self.retention
        if count > MAX_MANIFEST_ENTRIES:
            raise TooLong("manifest", count * ENTRY_BYTES, MAX_MANIFEST_ENTRIES * ENTRY_BYTES)
        spans = (keep.days, keep.weeks, keep.months)
        front = (MANIFEST_VERSION, *spans, count, self.archive_id, self.epoch, self.made_at_ms)
        return _FRONT.pack(*front) + b"".join(entry.encode() for entry in self.entries)

    @classmethod
    def decode_untrusted(cls, data: bytes) -> Self:
        """Read an object's content.

        Raises:
            UnsupportedVersion: a newer manifest.
            WireError: it is malformed.
        """
        if len(data) < _FRONT.size:
            raise WireError("not a manifest")
        version, days, weeks, months, count, archive_id, epoch, made_at = _FRONT.unpack_from(data)
        if version != MANIFEST_VERSION:
            raise UnsupportedVersion("manifest", version)
        if count > MAX_MANIFEST_ENTRIES or len(data) != _FRONT.size + count * ENTRY_BYTES:
            raise WireError("a manifest of another size than its entries")
        starts = range(_FRONT.size, len(data), ENTRY_BYTES)
        entries = tuple(Entry.decode_untrusted(data[at : at + ENTRY_BYTES]) for at in starts)
        manifest = cls(archive_id, epoch, made_at, Retention(days, weeks, months), entries)
        if manifest.encode() != data:
            raise WireError("a malformed manifest")
        return manifest


def seal_manifest(manifest: Manifest, root: ArchiveRoot, random_bytes: RandomBytes) -> bytes:
    """Give the object to be stored."""
    return seal_bytes(ObjectKind.MANIFEST, manifest_key(root), manifest.encode(), random_bytes)


def open_manifest_untrusted(stored: bytes, head: Head, root: ArchiveRoot) -> Manifest:
    """Open the manifest that ``head`` names.

    Raises:
        ManifestReplaced: these are other bytes, or another backup's.
        UnsupportedVersion: a newer manifest.
        PeerError: it is malformed, although its hash was signed.
    """
    head.require_manifest(stored)
    content = open_bytes_untrusted(ObjectKind.MANIFEST, manifest_key(root), stored)
    manifest = Manifest.decode_untrusted(content)
    if (manifest.archive_id, manifest.epoch) != (head.archive_id, head.epoch):
        raise ManifestReplaced
    return manifest


def entry_of_manifest(manifest: Manifest, stored: bytes, root: ArchiveRoot) -> Entry:
    """Give the entry by which a later manifest retains this one."""
    content = manifest.encode()
    return Entry(
        kind=ObjectKind.MANIFEST,
        name=hashlib.sha256(stored).digest(),
        key=manifest_key(root),
        content_hash=hashlib.sha256(content).digest(),
        content_bytes=len(content),
        first_position=manifest.epoch,
        last_position=manifest.epoch,
        first_ms=manifest.made_at_ms,
        last_ms=manifest.made_at_ms,
    )
