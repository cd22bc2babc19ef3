"""Every message between client and relay, one frozen dataclass each.

On the wire a message is ``[tag, request id, fields...]``. Tags are final: a
new message takes a new tag, and the golden schema fails when one changes.

Spec: docs/protocol.md#wire
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, ClassVar

from protocol.limits import MAX_ENVELOPE_BYTES, ONE_TIME_PAIRS_COUNT
from protocol.packing import (
    U16,
    U32,
    U64,
    Binary,
    EnvelopeIdBytes,
    FetchIdBytes,
    Key32,
    Many,
    NameText,
    Signature64,
)
from protocol.records import (
    Account,
    OneTimePair,
    PrekeyBundle,
    Sender,
    SignedKemPrekey,
    SignedPrekey,
    SignedSealingKey,
)

PROTOCOL_VERSION = 1

Nonce32 = Annotated[bytes, Binary(32, 32)]
Token = Annotated[bytes, Binary(16, 16)]
Envelope = Annotated[bytes, Binary(1, MAX_ENVELOPE_BYTES)]


class Refusal(IntEnum):
    """Why the relay refused a request. The comment is the table's row."""

    UNSUPPORTED_VERSION = 1  # no protocol version in common
    NOT_LOGGED_IN = 2  # the request needs a login
    BAD_LOGIN = 3  # unknown account or wrong signature
    NAME_TAKEN = 4  # the name belongs to another identity
    UNKNOWN_ACCOUNT = 5  # nobody is registered under this name
    NO_PREKEYS = 6  # the account has not uploaded prekeys yet
    CONFLICT = 7  # the envelope id was used for other bytes
    MAILBOX_FULL = 8  # the recipient has too much unread mail
    TOO_MANY_PREKEYS = 9  # the shelf of one-time pairs is full
    BAD_ACKNOWLEDGEMENT = 10  # acknowledges what was not delivered here
    RATE_LIMITED = 11  # too many requests, wait
    BAD_REGISTRATION = 12  # a signature of the registration does not verify
    RELAY_TROUBLE = 13  # the relay could not write to its disk, nothing was stored


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


@dataclass(frozen=True, slots=True)
class Register:
    """Client: take this account; both keys sign. Logs in as well."""

    TAG: ClassVar[int] = 16
    account: Account
    identity_signature: Signature64
    account_signature: Signature64


@dataclass(frozen=True, slots=True)
class Login:
    """Client: I am this device; the identity key signs the nonce."""

    TAG: ClassVar[int] = 17
    name: NameText
    device: U32
    signature: Signature64


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """Relay: welcome; the account's generation and the one-time pairs left."""

    TAG: ClassVar[int] = 18
    generation: U32
    one_time_count: U32


@dataclass(frozen=True, slots=True)
class UploadPrekeys:
    """Client: replace signed, last-resort and sealing key, add one-time pairs."""

    TAG: ClassVar[int] = 32
    signed_prekey: SignedPrekey
    last_resort: SignedKemPrekey
    sealing_key: SignedSealingKey
    one_time_pairs: Annotated[tuple[OneTimePair, ...], Many(ONE_TIME_PAIRS_COUNT)]


@dataclass(frozen=True, slots=True)
class PrekeysStored:
    """Relay: they are on disk; so many one-time pairs are on the shelf."""

    TAG: ClassVar[int] = 33
    one_time_count: U32


@dataclass(frozen=True, slots=True)
class FetchBundle:
    """Client: a bundle of this device. The same fetch id gets the same pair."""

    TAG: ClassVar[int] = 34
    name: NameText
    device: U32
    fetch_id: FetchIdBytes
    token: Token | None


@dataclass(frozen=True, slots=True)
class BundleFetched:
    """Relay: the bundle."""

    TAG: ClassVar[int] = 35
    bundle: PrekeyBundle


@dataclass(frozen=True, slots=True)
class FetchSealingKey:
    """Client: the sealing key of this device; consumes nothing."""

    TAG: ClassVar[int] = 36
    name: NameText
    device: U32
    token: Token | None


@dataclass(frozen=True, slots=True)
class SealingKeyFetched:
    """Relay: the identity on record and its sealing key."""

    TAG: ClassVar[int] = 37
    identity: Key32
    sealing_key: SignedSealingKey


@dataclass(frozen=True, slots=True)
class PrekeysLow:
    """Relay, unasked: so few one-time pairs are left."""

    TAG: ClassVar[int] = 38
    one_time_count: U32


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


Request = (
    Hello
    | Ping
    | Register
    | Login
    | UploadPrekeys
    | FetchBundle
    | FetchSealingKey
    | Submit
    | Subscribe
    | Acknowledge
)
Answer = (
    Welcome
    | Refused
    | Pong
    | LoggedIn
    | PrekeysStored
    | BundleFetched
    | SealingKeyFetched
    | Accepted
    | Subscribed
    | Acknowledged
)
Push = Closing | PrekeysLow | Deliver | Displaced
Message = Request | Answer | Push
