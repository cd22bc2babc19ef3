"""An entry of the manifest: one object, in 192 bytes whatever it is.

    offset  size
         0     1  kind
         1     3  zeros
         4     4  messages in it: u32
         8    32  name
        40    32  its own key
        72    32  SHA-256 of its content
       104     8  size of its content: u64
       112     8  first position: u64
       120     8  last position: u64
       128     8  first date: u64
       136     8  last date: u64
       144     8  unneeded since epoch: u64, 0 while it is needed
       152    32  conversation: the peer's name, then zeros; all zeros for none
       184     8  zeros

Fixed, so that the manifest's size tells the count of objects and nothing else.
Positions are of messages; of a manifest, both are its epoch.

Spec: docs/formats.md#manifest
"""

import struct
from dataclasses import dataclass
from typing import Final, Self

from protocol.archive.keys import ObjectKey
from protocol.archive.layout import ObjectKind, manifest_path, object_path
from protocol.errors import InvalidName, WireError
from protocol.ids import parse_name

_ENTRY: Final = struct.Struct(">B3xI32s32s32sQQQQQQ32s8x")
ENTRY_BYTES: Final = _ENTRY.size


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One object of a backup.

    Args:
        kind: an ObjectKind; a newer program's number is kept.
        name: 32 bytes; of a manifest, its hash.
        content_hash: tells which media are there already.
        unneeded_since: the epoch from which on no retained backup needs it; 0
            while one does.
    """

    kind: int
    name: bytes
    key: ObjectKey
    content_hash: bytes
    content_bytes: int
    conversation: str = ""
    messages: int = 0
    first_position: int = 0
    last_position: int = 0
    first_ms: int = 0
    last_ms: int = 0
    unneeded_since: int = 0

    @property
    def path(self) -> str:
        """Where the object lies; the empty string for a kind that is not known here."""
        if self.kind == ObjectKind.MANIFEST:
            return manifest_path(self.first_position, self.name)
        known = self.kind in tuple(ObjectKind)
        return object_path(ObjectKind(self.kind), self.name) if known else ""

    def encode(self) -> bytes:
        """Give ENTRY_BYTES bytes: they hold the object's key."""
        return _ENTRY.pack(
            self.kind,
            self.messages,
            self.name,
            self.key.expose(),
            self.content_hash,
            self.content_bytes,
            self.first_position,
            self.last_position,
            self.first_ms,
            self.last_ms,
            self.unneeded_since,
            self.conversation.encode(),
        )

    @classmethod
    def decode_untrusted(cls, data: bytes) -> Self:
        """Read one entry.

        Raises:
            WireError: a wrong size, a name that is none, a range upside down,
                or something where zeros belong.
        """
        if len(data) != ENTRY_BYTES:
            raise WireError("not the size of an entry")
        kind, messages, name, key, digest, size, first, last, since, until, unneeded, padded = (
            _ENTRY.unpack(data)
        )
        entry = cls(
            kind=kind,
            messages=messages,
            name=name,
            key=ObjectKey(key),
            content_hash=digest,
            content_bytes=size,
            first_position=first,
            last_position=last,
            first_ms=since,
            last_ms=until,
            unneeded_since=unneeded,
            conversation=_conversation_untrusted(padded),
        )
        if first > last or since > until or entry.encode() != data:
            raise WireError("a malformed entry")
        return entry


def _conversation_untrusted(padded: bytes) -> str:
    try:
        text = padded.rstrip(b"\0").decode()
        return parse_name(text) if text else ""
    except (UnicodeDecodeError, InvalidName) as error:
        raise WireError("an entry's conversation is no name") from error
