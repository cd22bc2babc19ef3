"""One entry of a vault's log, as it is kept and as it travels.

Apart from :mod:`protocol.recovery.events`, which signs and checks entries: the wire
carries them and knows no keys.

Spec: docs/recovery.md#the-vaults-log
"""

from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import Annotated

from protocol.packing import U8, U64, Choice, Key32, Signature64, pack


class EventKind(IntEnum):
    """What happened."""

    REGISTERED = 1  # the record began; detail: the registration's digest
    GUESSED = 2  # a guess was counted; it may have been the owner's
    UNLOCKED = 3  # the tag came: the last guess was right, the count is zero
    HEAD_PLACED = 4  # a head was placed; detail: its SHA-256
    ERASED = 5  # the last guess was wrong, the share is gone
    DELETED = 6  # the owner deleted the record


@dataclass(frozen=True, slots=True)
class VaultEvent:
    """One entry of a vault's log of a record, signed by the vault."""

    sequence: U64
    time_ms: U64
    kind: Annotated[EventKind, Choice(EventKind)]
    guesses: U8
    detail: Key32
    previous: Key32
    signature: Signature64

    def digest(self) -> bytes:
        """Give what the next entry names as its previous one."""
        return sha256(pack(self)).digest()
