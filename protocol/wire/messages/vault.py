"""What a vault is asked, and what it answers.

The fields are those of the values in :mod:`protocol.recovery`, in their order, as plain
bytes: the wire knows no scalars and no keys (``protocol.packing.repacked`` turns one into
the other). A vault greets with messages of its own, so that a relay and a vault never
take each other's clients for their own.

Spec: docs/recovery.md#messages
"""

from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from protocol.ids import IDENTIFIER_BYTES
from protocol.limits import MAX_LISTED_VAULT_EVENTS, MAX_PLACED_HEAD_BYTES, MAX_VAULTS
from protocol.packing import U8, U16, U64, Binary, Key32, Many, NameText, Signature64
from protocol.recovery.event import VaultEvent

RecordIdBytes = Annotated[bytes, Binary(IDENTIFIER_BYTES, IDENTIFIER_BYTES)]
PlacedBytes = Annotated[bytes, Binary(0, MAX_PLACED_HEAD_BYTES)]
ProofBytes = Annotated[bytes, Binary(64, 64)]


@dataclass(frozen=True, slots=True)
class VaultHello:
    """Client: the versions it speaks, to a vault."""

    TAG: ClassVar[int] = 80
    lowest_version: U16
    highest_version: U16


@dataclass(frozen=True, slots=True)
class VaultWelcome:
    """Vault: the version chosen, its key, how it calls itself, and its clock."""

    TAG: ClassVar[int] = 81
    version: U16
    vault_key: Key32
    name: NameText
    clock_ms: U64


@dataclass(frozen=True, slots=True)
class RegisterRecord:
    """Client: keep this share under this id; written once."""

    TAG: ClassVar[int] = 82
    record_id: RecordIdBytes
    index: U8
    share: Key32 = field(repr=False)  # a traceback must not show it
    public_shares: Annotated[tuple[Key32, ...], Many(MAX_VAULTS, least=1)]
    threshold: U8
    limit: U8
    tag: Key32 = field(repr=False)
    owner_key: Key32


@dataclass(frozen=True, slots=True)
class RecordRegistered:
    """Vault: it is on disk, and this is the receipt."""

    TAG: ClassVar[int] = 83
    receipt: VaultEvent


@dataclass(frozen=True, slots=True)
class GetRecordStatus:
    """Client: how does this record stand?"""

    TAG: ClassVar[int] = 84
    record_id: RecordIdBytes


@dataclass(frozen=True, slots=True)
class RecordStatus:
    """Vault: its state, the guesses left, and how long the next one has to wait."""

    TAG: ClassVar[int] = 85
    state: U8
    guesses_left: U8
    retry_after_ms: U64


@dataclass(frozen=True, slots=True)
class Evaluate:
    """Client: a guess, as a blinded element."""

    TAG: ClassVar[int] = 86
    record_id: RecordIdBytes
    element: Key32


@dataclass(frozen=True, slots=True)
class Evaluated:
    """Vault: the guess is counted, on disk, and this is its evaluation and the proof."""

    TAG: ClassVar[int] = 87
    element: Key32
    proof: ProofBytes
    guesses_left: U8


@dataclass(frozen=True, slots=True)
class Unlock:
    """Client: the password was right, here is the tag."""

    TAG: ClassVar[int] = 88
    record_id: RecordIdBytes
    tag: Key32 = field(repr=False)  # a traceback must not show it


@dataclass(frozen=True, slots=True)
class Unlocked:
    """Vault: the count is zero."""

    TAG: ClassVar[int] = 89


@dataclass(frozen=True, slots=True)
class PlaceHead:
    """Client: keep this head of this epoch; the owner signs."""

    TAG: ClassVar[int] = 90
    record_id: RecordIdBytes
    epoch: U64
    head: PlacedBytes
    signature: Signature64


@dataclass(frozen=True, slots=True)
class HeadPlaced:
    """Vault: it is on disk."""

    TAG: ClassVar[int] = 91


@dataclass(frozen=True, slots=True)
class GetHead:
    """Client: which head was placed last?"""

    TAG: ClassVar[int] = 92
    record_id: RecordIdBytes


@dataclass(frozen=True, slots=True)
class PlacedHead:
    """Vault: this one, of this epoch; epoch 0 and no bytes if there is none."""

    TAG: ClassVar[int] = 93
    epoch: U64
    head: PlacedBytes


@dataclass(frozen=True, slots=True)
class DeleteRecord:
    """Client: forget this record for good; the owner signs."""

    TAG: ClassVar[int] = 94
    record_id: RecordIdBytes
    signature: Signature64


@dataclass(frozen=True, slots=True)
class RecordDeleted:
    """Vault: its share, tag and head are gone, and its id is never taken again."""

    TAG: ClassVar[int] = 95


@dataclass(frozen=True, slots=True)
class ProvePossession:
    """Client: show that the share is here, for this nonce."""

    TAG: ClassVar[int] = 96
    record_id: RecordIdBytes
    nonce: Key32


@dataclass(frozen=True, slots=True)
class PossessionProven:
    """Vault: a Schnorr proof."""

    TAG: ClassVar[int] = 97
    proof: ProofBytes


@dataclass(frozen=True, slots=True)
class GetEvents:
    """Client: the log of this record, from this entry on."""

    TAG: ClassVar[int] = 98
    record_id: RecordIdBytes
    from_sequence: U64


@dataclass(frozen=True, slots=True)
class EventsListed:
    """Vault: these; ask for more after the last one until there are none."""

    TAG: ClassVar[int] = 99
    events: Annotated[tuple[VaultEvent, ...], Many(MAX_LISTED_VAULT_EVENTS)]
