"""Replacing a device: who holds the account key puts another identity in the old one's place.

What is signed is in :mod:`protocol.replacement`.

Spec: docs/protocol.md#replacing-a-device
"""

from dataclasses import dataclass
from typing import ClassVar

from protocol.packing import U32, U64, Key32, NameText, Signature64


@dataclass(frozen=True, slots=True)
class LookUp:
    """Client: which keys has this device on record?"""

    TAG: ClassVar[int] = 19
    name: NameText
    device: U32


@dataclass(frozen=True, slots=True)
class Found:
    """Relay: these, and the account's generation."""

    TAG: ClassVar[int] = 20
    identity: Key32
    account_key: Key32
    generation: U64


@dataclass(frozen=True, slots=True)
class ReplaceDevice:
    """Client: I take this device's place; account key and new identity sign. Logs in as well."""

    TAG: ClassVar[int] = 21
    name: NameText
    device: U32
    generation: U64
    new_identity: Key32
    new_account_key: Key32
    account_signature: Signature64
    identity_signature: Signature64


@dataclass(frozen=True, slots=True)
class Replaced:
    """Relay: done, and welcome; the account's generation from now on."""

    TAG: ClassVar[int] = 22
    generation: U64


@dataclass(frozen=True, slots=True)
class ReplacementHeld:
    """Relay: not before then; the old device is told, and may veto. Ask the same again."""

    TAG: ClassVar[int] = 23
    until_ms: U64


@dataclass(frozen=True, slots=True)
class ReplacementAnnounced:
    """Relay, unasked: this identity wants to take your place, and can from then on."""

    TAG: ClassVar[int] = 24
    new_identity: Key32
    until_ms: U64


@dataclass(frozen=True, slots=True)
class VetoReplacement:
    """Client: it shall not, and this is the account key from now on; the identity key signs."""

    TAG: ClassVar[int] = 25
    generation: U64
    new_account_key: Key32
    identity_signature: Signature64


@dataclass(frozen=True, slots=True)
class Vetoed:
    """Relay: it is cancelled, the account key is replaced; the generation from now on."""

    TAG: ClassVar[int] = 26
    generation: U64


@dataclass(frozen=True, slots=True)
class DeviceReplaced:
    """Relay, unasked: another device has taken your place. The last word on this link."""

    TAG: ClassVar[int] = 27
