"""A vault's state about one record, as it lies on the vault's disk.

        register             the limit, and no tag within an hour
    ──────────────▶ LIVE ──────────────────────────────────────▶ ERASED
                     │                 deletion                     │
                     └────────────────────┬─────────────────────────┘
                                          ▼
                                       DELETED

ERASED and DELETED are tombstones: the record id is never taken again.

Spec: docs/recovery.md#the-vault
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, Final, Self

from protocol.errors import DamagedState, WireError
from protocol.packing import U8, U64, Choice, Key32, pack, unpack_untrusted
from protocol.recovery.events import LogEnd
from protocol.recovery.owner import HeadBytes
from protocol.recovery.shapes import RecordId, ShareField, TagField

STORED_VERSION: Final = 1

_MOST_BYTES: Final = 2_048


class VaultState(IntEnum):
    """Whether there is a share, and if not, why."""

    LIVE = 1
    ERASED = 2
    DELETED = 3


@dataclass(frozen=True, slots=True)
class VaultRecord:
    """One record. ``share`` and ``tag`` are there exactly while it is LIVE."""

    record_id: RecordId
    digest: Key32
    state: Annotated[VaultState, Choice(VaultState)]
    share: ShareField | None
    tag: TagField | None
    owner_key: Key32
    limit: U8
    registered_ms: U64
    guesses: U8
    last_guess_ms: U64
    epoch: U64
    head: HeadBytes
    log_end: LogEnd

    def encode(self) -> bytes:
        """Give the state as bytes. They hold the share: a file that only the vault can read."""
        return bytes([STORED_VERSION]) + pack(self)

    @classmethod
    def decode(cls, stored: bytes) -> Self:
        """Read back what :meth:`encode` gave.

        Raises:
            DamagedState: these bytes are no record, or of another version.
        """
        if stored[:1] != bytes([STORED_VERSION]):
            raise DamagedState("vault record")
        try:
            record = unpack_untrusted(cls, stored[1:], _MOST_BYTES)
        except WireError as error:
            raise DamagedState("vault record") from error
        live = record.state is VaultState.LIVE
        if (record.share is None) == live or (record.tag is None) == live:
            raise DamagedState("vault record")
        return record
