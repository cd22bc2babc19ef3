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
    """Why a request was refused. The comment is the table's row.

    From 33 on they are 32 and the number of a vault's refusal (docs/recovery.md).
    """

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
    RELAY_TROUBLE = 13  # relay or vault could not write to its disk, nothing was stored
    BAD_TOKEN = 14  # the delivery token is not the one the recipient has set
    NO_SUCH_BLOB = 15  # no whole blob has this id now
    BAD_WRITE_SECRET = 16  # the blob has another write secret
    QUOTA = 17  # blobs of this address, or of all, take too much room
    DEVICE_REPLACED = 18  # another device has taken the place of this one
    BAD_REPLACEMENT = 19  # signature, generation or old identity do not fit, or another is held
    WRONG_SERVICE = 32  # this is a vault and no relay, or the other way round
    VAULT_UNKNOWN_RECORD = 33  # a vault: no record has this id here
    VAULT_CONFLICT = 34  # a vault: the record id was registered with other bytes
    VAULT_EXHAUSTED = 35  # a vault: the last guess was used
    VAULT_DELETED = 36  # a vault: the owner deleted this record
    VAULT_TOO_SOON = 37  # a vault: the next guess has to wait
    VAULT_BAD_TAG = 38  # a vault: not the tag that was registered
    VAULT_BAD_STATEMENT = 39  # a vault: the owner's signature does not verify
    VAULT_STALE_HEAD = 40  # a vault: a newer head is here, or another one of this epoch
    VAULT_BAD_REGISTRATION = 41  # a vault: the parts of a registration do not fit each other
    VAULT_BAD_ELEMENT = 42  # a vault: not a group element that may be evaluated


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
