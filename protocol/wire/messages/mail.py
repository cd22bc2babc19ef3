"""Mail: submitting envelopes, and fetching one's own.

Spec: docs/protocol.md#messages
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from protocol.limits import MAX_ENVELOPE_BYTES
from protocol.packing import U32, U64, Binary, EnvelopeIdBytes, NameText
from protocol.records import Sender
from protocol.wire.messages.token import Token

Envelope = Annotated[bytes, Binary(1, MAX_ENVELOPE_BYTES)]


@dataclass(frozen=True, slots=True)
class Submit:
    """Client: store this envelope for that device."""

    TAG: ClassVar[int] = 48
    name: NameText
    device: U32
    envelope_id: EnvelopeIdBytes
    token: Token | None
    envelope: Envelope


@dataclass(frozen=True, slots=True)
class Accepted:
    """Relay: it is on disk, and arrived then."""

    TAG: ClassVar[int] = 49
    arrival_ms: U64


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Client: deliver my mail to this connection."""

    TAG: ClassVar[int] = 50


@dataclass(frozen=True, slots=True)
class Subscribed:
    """Relay: so many envelopes are waiting."""

    TAG: ClassVar[int] = 51
    waiting_count: U64


@dataclass(frozen=True, slots=True)
class Deliver:
    """Relay, unasked: one envelope, and who submitted it if that was not anonymous."""

    TAG: ClassVar[int] = 52
    sequence: U64
    envelope_id: EnvelopeIdBytes
    arrival_ms: U64
    vouched: Sender | None
    envelope: Envelope


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Client: all delivered here up to this sequence is safe with me."""

    TAG: ClassVar[int] = 53
    up_to: U64


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Relay: it is deleted."""

    TAG: ClassVar[int] = 54
    up_to: U64


@dataclass(frozen=True, slots=True)
class Displaced:
    """Relay, unasked: another connection of this device receives from now on."""

    TAG: ClassVar[int] = 55
