"""What the store says, as the wire says it."""

from typing import Final

from protocol.wire.messages import Accepted, Acknowledged, Refusal, Refused
from server.store.blobs import (
    BadWriteSecret,
    BlobConflict,
    BlobTooLong,
    NoSuchBlob,
    OverQuota,
)
from server.store.interface import (
    BadReplacement,
    BadToken,
    IdentityReplaced,
    NameTaken,
    NoPrekeys,
    ShelfFull,
    StoreError,
    StoreTrouble,
    UnknownAccount,
)
from server.store.values import NotStored, Outcome, Stored

# A disk is made room on in minutes, a mailbox is emptied when its owner comes online.
TROUBLE_RETRY_MS: Final = 10_000
MAILBOX_RETRY_MS: Final = 600_000
QUOTA_RETRY_MS: Final = 3_600_000  # old blobs are removed every hour

_REFUSALS: Final[dict[type[StoreError], Refusal]] = {
    UnknownAccount: Refusal.UNKNOWN_ACCOUNT,
    NameTaken: Refusal.NAME_TAKEN,
    NoPrekeys: Refusal.NO_PREKEYS,
    ShelfFull: Refusal.TOO_MANY_PREKEYS,
    BadToken: Refusal.BAD_TOKEN,
    IdentityReplaced: Refusal.DEVICE_REPLACED,
    BadReplacement: Refusal.BAD_REPLACEMENT,
    NoSuchBlob: Refusal.NO_SUCH_BLOB,
    BadWriteSecret: Refusal.BAD_WRITE_SECRET,
    BlobConflict: Refusal.CONFLICT,
    BlobTooLong: Refusal.QUOTA,
    OverQuota: Refusal.QUOTA,
    StoreTrouble: Refusal.RELAY_TROUBLE,
}

_NOT_STORED: Final[dict[NotStored, Refusal]] = {
    NotStored.UNKNOWN_ACCOUNT: Refusal.UNKNOWN_ACCOUNT,
    NotStored.CONFLICT: Refusal.CONFLICT,
    NotStored.MAILBOX_FULL: Refusal.MAILBOX_FULL,
    NotStored.BAD_TOKEN: Refusal.BAD_TOKEN,
}

_RETRY_AFTER_MS: Final[dict[Refusal, int]] = {
    Refusal.RELAY_TROUBLE: TROUBLE_RETRY_MS,
    Refusal.MAILBOX_FULL: MAILBOX_RETRY_MS,
    Refusal.QUOTA: QUOTA_RETRY_MS,
}


def refused(refusal: Refusal) -> Refused:
    """Give the answer for ``refusal``, with the time to wait where waiting helps."""
    return Refused(refusal, _RETRY_AFTER_MS.get(refusal))


def refused_for(error: StoreError) -> Refused:
    """Give the answer for what a store would not or could not do."""
    refusal = _REFUSALS[type(error)]
    # Waiting makes room, but no smaller blob.
    return Refused(refusal, None) if isinstance(error, BlobTooLong) else refused(refusal)


def answer_to_submit(result: Outcome | StoreTrouble) -> Accepted | Refused:
    """Give the answer to a submit whose transaction has ended."""
    match result:
        case Stored():
            return Accepted(result.arrival_ms)
        case NotStored():
            return refused(_NOT_STORED[result])
        case StoreTrouble():
            return refused_for(result)


def answer_to_acknowledge(up_to: int, trouble: StoreTrouble | None) -> Acknowledged | Refused:
    """Give the answer to an acknowledgement whose transaction has ended."""
    return Acknowledged(up_to) if trouble is None else refused_for(trouble)
