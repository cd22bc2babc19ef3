"""Opening a connection, keeping it, ending it; and how the relay says no.

Spec: docs/protocol.md#messages
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, ClassVar

from protocol.packing import U16, U64, Binary, Key32

PROTOCOL_VERSION = 1

Nonce32 = Annotated[bytes, Binary(32, 32)]


class Refusal(IntEnum):
    """Why the relay refused a request. The comment is the table's row."""

    UNSUPPORTED_VERSION = 1  # no protocol version in common
    NOT_LOGGED_IN = 2  # the request needs a login
    BAD_LOGIN = 3  # unknown account or wrong signature
    NAME_TAKEN = 4  # the name belongs to another identity
    UNKNOWN_ACCOUNT = 5  # nobody is registered under this name
    NO_PREKEYS = 6  # the account has not uploaded prekeys yet
    CONFLICT = 7  # the id was used for other bytes
    MAILBOX_FULL = 8  # the recipient has too much unread mail
    TOO_MANY_PREKEYS = 9  # the shelf of one-time pairs is full
    BAD_ACKNOWLEDGEMENT = 10  # acknowledges what was not delivered here
    RATE_LIMITED = 11  # too many requests, wait
    BAD_REGISTRATION = 12  # a signature of the registration does not verify
    RELAY_TROUBLE = 13  # the relay could not write to its disk, nothing was stored
    BAD_TOKEN = 14  # the delivery token is not the one the recipient has set
    NO_SUCH_BLOB = 15  # no whole blob has this id now
    BAD_WRITE_SECRET = 16  # the blob has another write secret
    QUOTA = 17  # blobs of this address, or of all, take too much room
    DEVICE_REPLACED = 18  # another device has taken the place of this one
    BAD_REPLACEMENT = 19  # signature, generation or old identity do not fit, or another is held


@dataclass(frozen=True, slots=True)
class Hello:
    """Client: the versions it speaks."""

    TAG: ClassVar[int] = 1
    lowest_version: U16
    highest_version: U16


@dataclass(frozen=True, slots=True)
class Welcome:
    """Relay: the version chosen, its key, a single-use nonce and its clock."""

    TAG: ClassVar[int] = 2
    version: U16
    relay_key: Key32
    nonce: Nonce32
    clock_ms: U64


@dataclass(frozen=True, slots=True)
class Refused:
    """Relay: the request was not carried out."""

    TAG: ClassVar[int] = 3
    code: U16
    retry_after_ms: U64 | None


@dataclass(frozen=True, slots=True)
class Ping:
    """Client: are you there?"""

    TAG: ClassVar[int] = 4


@dataclass(frozen=True, slots=True)
class Pong:
    """Relay: yes, and this is my clock."""

    TAG: ClassVar[int] = 5
    clock_ms: U64


@dataclass(frozen=True, slots=True)
class Closing:
    """Relay, unasked: it shuts down; come back after so long."""

    TAG: ClassVar[int] = 6
    retry_after_ms: U64
