"""What can go wrong between a client and its vaults, ordered as in :mod:`protocol.errors`."""

from enum import IntEnum

from protocol.errors import CallerError, PeerError


class VaultRefusal(IntEnum):
    """Why a vault did not do what it was asked; nothing has changed there."""

    UNKNOWN_RECORD = 1  # no record has this id here
    CONFLICT = 2  # the record id was registered with other bytes
    EXHAUSTED = 3  # the last guess was used: the share is gone, or goes unless its tag comes
    DELETED = 4  # the owner deleted this record
    TOO_SOON = 5  # after several misses the next guess has to wait
    BAD_TAG = 6  # not the tag that was registered
    BAD_STATEMENT = 7  # the owner's signature does not verify here
    STALE_HEAD = 8  # a newer head is here, or another one of this epoch
    BAD_REGISTRATION = 9  # share, public shares, limit or threshold do not fit each other
    BAD_ELEMENT = 10  # not the encoding of a group element that may be evaluated


class VaultRefuses(PeerError):
    """A vault refuses: nothing was counted, stored or answered."""

    def __init__(self, reason: VaultRefusal, retry_after_ms: int | None = None) -> None:
        wait = "" if retry_after_ms is None else f", try again in {-(-retry_after_ms // 1_000)} s"
        super().__init__(f"refused: {reason.name.lower().replace('_', ' ')}{wait}")
        self.reason, self.retry_after_ms = reason, retry_after_ms


class BadElement(PeerError):
    """32 bytes are not the encoding of a group element, or of the identity where that is none."""

    def __init__(self) -> None:
        super().__init__("not the encoding of a usable group element")


class BadProof(PeerError):
    """A proof does not verify: the answer was not made with the share it was promised with."""

    def __init__(self, what: str) -> None:
        super().__init__(f"the proof of the {what} does not verify")
        self.what = what


class RecordRefused(PeerError):
    """A password record is not one that a client would have made."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the backup's password record is refused: {reason}")
        self.reason = reason


class BrokenLog(PeerError):
    """A vault's log has a gap, a fork or a signature that does not verify."""

    def __init__(self, sequence: int) -> None:
        super().__init__(f"the vault's log breaks at entry {sequence}")
        self.sequence = sequence


class TooFewVaults(CallerError):
    """Fewer vaults can answer than are needed; the digits, if set up, still open the backup."""

    def __init__(self, available: int, needed: int) -> None:
        super().__init__(
            f"{available} vaults can answer, {needed} are needed:"
            " try again later, or use the 64 digits"
        )
        self.available, self.needed = available, needed


class UnusablePassword(CallerError):
    """A password is empty, or holds half of a character."""

    def __init__(self) -> None:
        super().__init__("this is not a usable password: type at least one character")


class NotEnoughMemory(CallerError):
    """This machine did not give the memory that stretching the password takes."""

    def __init__(self, memory_bytes: int) -> None:
        super().__init__(
            f"checking the password needs {memory_bytes >> 20} MiB of memory:"
            " close other programs and try again"
        )
        self.memory_bytes = memory_bytes


class OutOfTurn(CallerError):
    """A step of a recovery was asked for before the one it follows from, or after its end."""

    def __init__(self, step: str) -> None:
        super().__init__(f"this is not the moment to {step}")
        self.step = step
