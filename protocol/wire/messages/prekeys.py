"""The prekey shelf: what lets others write to a device that sleeps.

Spec: docs/protocol.md#messages
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from protocol.limits import ONE_TIME_PAIRS_COUNT
from protocol.packing import U32, FetchIdBytes, Key32, Many, NameText
from protocol.records import (
    OneTimePair,
    PrekeyBundle,
    SignedKemPrekey,
    SignedPrekey,
    SignedSealingKey,
)
from protocol.wire.messages.token import Token


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
