"""What the rooms of the client hand to each other: plain frozen values."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Protocol, TypeVar

from protocol.ids import DeviceAddress, EnvelopeId, MessageId, Name
from protocol.records import Sender

T = TypeVar("T")


class RunBlocking(Protocol):
    """Runs a blocking call off the event loop (or, in a simulation, at once).

    A call that has begun is waited for even if the caller is cancelled: it may be
    a commit. (``trio.to_thread.run_sync`` does so unless told otherwise.)
    """

    def __call__(self, function: Callable[[], T], /) -> Awaitable[T]:
        """Run ``function`` and give its result."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Everything that differs between a real run and a simulated one."""

    now_ms: Callable[[], int]
    random_bytes: Callable[[int], bytes]
    run_blocking: RunBlocking


class MessageState(IntEnum):
    """How far an outgoing message has come, or that it came in."""

    QUEUED = 1
    AT_RELAY = 2
    DELIVERED = 3
    FAILED = 4
    RECEIVED = 5


class EntryKind(StrEnum):
    """What a line of the history is."""

    TEXT = "text"
    MEDIA = "media"  # files, and perhaps words to them
    DELETED = "deleted"  # somebody deleted it; it keeps its place and no text
    UNSUPPORTED = "unsupported"  # a kind or version that this program does not know; kept whole
    UNREADABLE = "unreadable"  # a message that came and could not be opened
    NOTICE = "notice"  # the client speaks: pinned, key changed, repaired


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One line of a conversation."""

    row_id: int
    peer: Name
    outgoing: bool
    message_id: MessageId
    counter: int
    kind: EntryKind
    text: str
    state: MessageState
    sent_at_ms: int
    arrival_ms: int | None  # at the relay; None while queued
    missing_before: int  # messages of this sender that are missing just before this one
    failure: str = ""  # why it FAILED, a sentence
    repaired: bool = False  # it did not open at first, and came again when asked for


@dataclass(frozen=True, slots=True)
class Contact:
    """A peer as this profile knows it."""

    name: Name
    identity: bytes | None  # pinned Ed25519 key, 32 bytes; None before the first contact
    verified: bool
    pending_identity: bytes | None  # another key was shown: a person has to decide
    message_count: int
    last_activity_ms: int | None
    blocked: bool = False
    sealed: bool = False  # we hold its delivery token: the relay does not see who writes to it
    held_back_count: int = 0  # texts to a former key, without a receipt: a person has to decide

    @property
    def is_in_question(self) -> bool:
        """Whether a person has to decide: about its key, or about texts to its former key."""
        return self.pending_identity is not None or self.held_back_count > 0


@dataclass(frozen=True, slots=True)
class Delivery:
    """An envelope as the relay delivered it."""

    sequence: int
    envelope_id: EnvelopeId
    arrival_ms: int
    vouched: Sender | None
    envelope: bytes


class OutboxState(IntEnum):
    """What an outgoing envelope waits for."""

    AWAITING_KEYS = 1
    READY = 2
    HELD_BACK = 3  # for a person: it was written to a key that its reader no longer shows


@dataclass(frozen=True, slots=True)
class OutboxItem:
    """One envelope that has to reach the relay; ``envelope`` is empty while keys are awaited."""

    row_id: int
    to: DeviceAddress
    state: OutboxState
    envelope_id: EnvelopeId
    envelope: bytes
    message_id: MessageId
    queued_at_ms: int
    anonymous: bool  # goes on the connection where nobody is logged in


@dataclass(frozen=True, slots=True)
class Specimen:
    """A message as it travelled.

    Args:
        payload: the sealed payload without its padding.
        named: whether the relay saw who submitted it; None while it is not there.
    """

    message_id: MessageId
    peer: Name
    outgoing: bool
    envelope: bytes
    payload: bytes
    named: bool | None = None


class Connection(StrEnum):
    """The engine's connection to the relay, always visible."""

    CONNECTING = "connecting"
    ONLINE = "online"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class ConnectionChanged:
    """The relay was reached or lost; ``reason`` is a sentence for the user, or empty."""

    connection: Connection
    reason: str = ""


@dataclass(frozen=True, slots=True)
class HistoryChanged:
    """Rows were added to, or changed in, a conversation (by this or another process)."""

    peer: Name


@dataclass(frozen=True, slots=True)
class TrustQuestion:
    """A contact shows another identity key: nothing goes to it until the user answers."""

    peer: Name
    verified: bool


@dataclass(frozen=True, slots=True)
class TakeoverAnnounced:
    """Another device, with the account key in hand, is about to take this one's place.

    Args:
        new_identity: its Ed25519 key, 32 bytes.
        until_ms: when it may come into force (relay time); before that, this device may object.
    """

    new_identity: bytes
    until_ms: int


EngineEvent = ConnectionChanged | HistoryChanged | TrustQuestion | TakeoverAnnounced
