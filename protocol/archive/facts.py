"""What is attached to a message in a backup: few messages have any of it, some have much.

A fact is a kind and strict msgpack of one of the classes below, at the position of
its message. A kind that this program does not know is kept as it is.

Spec: docs/formats.md#facts
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, Final, NamedTuple

from protocol.archive.layout import NAME_BYTES
from protocol.limits import (
    MAX_ENVELOPE_BYTES,
    MAX_FILE_LABEL_BYTES,
    MAX_MEDIA_PARTS,
    MAX_REACTION_BYTES,
    MAX_TEXT_BYTES,
)
from protocol.packing import (
    U64,
    Binary,
    Bool,
    Key32,
    Many,
    MessageIdBytes,
    Text,
    pack,
    unpack_untrusted,
)


class FactKind(IntEnum):
    """What a fact says. Numbers are final."""

    REPLY = 1
    EDIT = 2
    REACTION = 3
    DELETION = 4
    RECEIPT = 5
    TIMER = 6
    MEDIA = 7
    FAILURE = 8
    RAW = 9


@dataclass(frozen=True, slots=True)
class Reply:
    """The message answers another one of this conversation."""

    to_ours: Bool
    message_id: MessageIdBytes


@dataclass(frozen=True, slots=True)
class Edit:
    """The message read like this before ``until_ms``; the row has its newest text."""

    until_ms: U64
    text: Annotated[str, Text(MAX_TEXT_BYTES)]


@dataclass(frozen=True, slots=True)
class Reaction:
    """Somebody reacted to the message."""

    ours: Bool
    at_ms: U64
    emoji: Annotated[str, Text(MAX_REACTION_BYTES)]


@dataclass(frozen=True, slots=True)
class Deletion:
    """Somebody deleted the message; its row keeps its place and no text."""

    ours: Bool
    at_ms: U64


@dataclass(frozen=True, slots=True)
class Receipt:
    """When the message was delivered, and read; 0 for not yet, or not told."""

    delivered_ms: U64
    read_ms: U64


@dataclass(frozen=True, slots=True)
class Timer:
    """The message dies at ``deadline_ms``: a restore after it skips it."""

    deadline_ms: U64


@dataclass(frozen=True, slots=True)
class Media:
    """A file of the message: its objects in order, and what it should come to.

    ``label`` is shown, and never a path.
    """

    label: Annotated[str, Text(MAX_FILE_LABEL_BYTES)]
    size: U64
    content_hash: Key32
    parts: Annotated[
        tuple[Annotated[bytes, Binary(NAME_BYTES, NAME_BYTES)], ...],
        Many(MAX_MEDIA_PARTS, least=1),
    ]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why the message could not be sent."""

    reason: Annotated[str, Text(MAX_TEXT_BYTES)]


@dataclass(frozen=True, slots=True)
class Raw:
    """The whole content of a message that the program which filed it did not understand."""

    content: Annotated[bytes, Binary(0, MAX_ENVELOPE_BYTES)]


Known = Reply | Edit | Reaction | Deletion | Receipt | Timer | Media | Failure | Raw


@dataclass(frozen=True, slots=True)
class UnknownFact:
    """A newer program's fact, kept as it is."""

    kind: int
    body: bytes


class PackedFact(NamedTuple):
    """A fact as it stands in a segment."""

    position: int
    kind: int
    body: bytes


_CLASSES: Final[dict[FactKind, type[Known]]] = {
    FactKind.REPLY: Reply,
    FactKind.EDIT: Edit,
    FactKind.REACTION: Reaction,
    FactKind.DELETION: Deletion,
    FactKind.RECEIPT: Receipt,
    FactKind.TIMER: Timer,
    FactKind.MEDIA: Media,
    FactKind.FAILURE: Failure,
    FactKind.RAW: Raw,
}
_KINDS: Final = {cls: kind for kind, cls in _CLASSES.items()}
_MOST_BYTES: Final = MAX_ENVELOPE_BYTES + 16


def pack_fact(position: int, fact: Known | UnknownFact) -> PackedFact:
    """Give ``fact`` about the message at ``position``, to be put into a segment."""
    if isinstance(fact, UnknownFact):
        return PackedFact(position, fact.kind, fact.body)
    return PackedFact(position, _KINDS[type(fact)], pack(fact))


def unpack_fact_untrusted(packed: PackedFact) -> Known | UnknownFact:
    """Read a fact of a segment.

    Raises:
        WireError: its kind is known, and it is malformed.
    """
    if packed.kind not in tuple(FactKind):
        return UnknownFact(packed.kind, packed.body)
    fact: Known = unpack_untrusted(_CLASSES[FactKind(packed.kind)], packed.body, _MOST_BYTES)
    return fact
