"""What goes into a store and comes out of it: values, free of SQL and of the wire.

Spec: docs/relay.md#store
"""

from dataclasses import dataclass
from enum import Enum

from protocol.ids import DeviceAddress, EnvelopeId
from protocol.limits import HELD_REPLACEMENT_LIFE_MS
from protocol.records import (
    OneTimePair,
    PrekeyBundle,
    Sender,
    SignedKemPrekey,
    SignedPrekey,
    SignedSealingKey,
)


@dataclass(frozen=True, slots=True)
class HeldReplacement:
    """Who is to take a device's place, and not before ``until_ms``."""

    new_identity: bytes
    new_account_key: bytes
    until_ms: int

    @property
    def forgotten_ms(self) -> int:
        """When it is forgotten, if nobody asks for it again."""
        return self.until_ms + HELD_REPLACEMENT_LIFE_MS


@dataclass(frozen=True, slots=True)
class StoredAccount:
    """An account as the relay knows it.

    Attributes:
        last_online_ms: the hour in which its device was last seen, as far as it is
            written down; None for a new device.
        former_identities: of replaced devices, the newest last, MAX_FORMER_IDENTITIES
            at most.
        noted: a replacement that is noted, also one that is to be forgotten by now.
    """

    address: DeviceAddress
    identity: bytes
    account_key: bytes
    generation: int
    last_online_ms: int | None = None
    former_identities: tuple[bytes, ...] = ()
    noted: HeldReplacement | None = None

    def held(self, now_ms: int) -> HeldReplacement | None:
        """Give the replacement that is noted and not to be forgotten yet."""
        return None if self.noted is None or now_ms >= self.noted.forgotten_ms else self.noted


@dataclass(frozen=True, slots=True)
class Replacement:
    """A new identity for a device; its statement has been verified.

    Attributes:
        old_identity, generation: what the statement says of the account as it is.
    """

    device: DeviceAddress
    old_identity: bytes
    generation: int
    new_identity: bytes
    new_account_key: bytes


@dataclass(frozen=True, slots=True)
class Veto:
    """A device's answer to a held replacement; its statement has been verified."""

    device: DeviceAddress
    identity: bytes
    generation: int
    new_account_key: bytes


@dataclass(frozen=True, slots=True)
class PrekeyUpload:
    """Keys to put on a device's shelf: three replace their like, the pairs are added."""

    signed_prekey: SignedPrekey
    last_resort: SignedKemPrekey
    sealing_key: SignedSealingKey
    one_time_pairs: tuple[OneTimePair, ...]


@dataclass(frozen=True, slots=True)
class TakenBundle:
    """A bundle handed out.

    Attributes:
        bundle: what the initiator gets.
        one_time_count: pairs left on the shelf.
        took_pair: whether this fetch removed a pair; not so for a repeated
            fetch, nor when the shelf was empty.
    """

    bundle: PrekeyBundle
    one_time_count: int
    took_pair: bool


@dataclass(frozen=True, slots=True)
class SealingKeyOnRecord:
    """What one needs to seal to a device."""

    identity: bytes
    sealing_key: SignedSealingKey


@dataclass(frozen=True, slots=True)
class Submission:
    """An envelope for a mailbox.

    Attributes:
        vouched: who logged in to submit it; None if nobody did.
        token_hash: then the SHA-256 of the token that was shown instead.
    """

    recipient: DeviceAddress
    envelope_id: EnvelopeId
    envelope: bytes
    vouched: Sender | None
    token_hash: bytes | None = None


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """All of this mailbox up to ``up_to`` is safe with its owner."""

    mailbox: DeviceAddress
    up_to: int


@dataclass(frozen=True, slots=True)
class Stored:
    """The envelope is on disk.

    Attributes:
        arrival_ms: when it came first.
        sequence: its number in the mailbox, or None if it was there before.
    """

    arrival_ms: int
    sequence: int | None


class NotStored(Enum):
    """Why an envelope was turned away."""

    UNKNOWN_ACCOUNT = "unknown account"
    CONFLICT = "conflict"
    MAILBOX_FULL = "mailbox full"
    BAD_TOKEN = "bad token"


Outcome = Stored | NotStored


@dataclass(frozen=True, slots=True)
class StoredMail:
    """One envelope in a mailbox."""

    sequence: int
    envelope_id: EnvelopeId
    arrival_ms: int
    vouched: Sender | None
    envelope: bytes


@dataclass(frozen=True, slots=True)
class MailPage:
    """Some waiting mail, in order; ``is_end`` when nothing more waited behind it."""

    mail: tuple[StoredMail, ...]
    is_end: bool


@dataclass(frozen=True, slots=True)
class Expired:
    """What an expiry run removed."""

    mail_count: int
    remembered_count: int
