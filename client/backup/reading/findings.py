"""What is wrong with single objects of a backup, and whom it affects.

Reading goes on past each of them; at the end all are told.

Spec: docs/backup.md#errors-of-reading
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from client.backup.reading.dates import day
from client.backup.reading.objects import ContentDiffers
from client.backup.targets.interface import ObjectMissing
from client.errors import UserError
from protocol.archive.entry import Entry
from protocol.archive.layout import ObjectKind
from protocol.errors import (
    GlasspostError,
    ObjectDamaged,
    ObjectExtended,
    ObjectNotOpened,
    ObjectTruncated,
    PeerError,
    UnsupportedVersion,
)


class Fault(StrEnum):
    """What is wrong with an object; the value is how a sentence says it."""

    MISSING = "is missing"
    TRUNCATED = "is cut short"
    EXTENDED = "goes on after its end"
    DAMAGED = "is damaged"
    FOREIGN = "is another object, or an older version of it"
    TOO_NEW = "was written by a newer version of Glasspost"
    MALFORMED = "does not hold what the backup's list says"
    UNLISTED = "is not in the backup's list"


_FAULTS: Final[dict[type[GlasspostError], Fault]] = {
    ObjectMissing: Fault.MISSING,
    ObjectTruncated: Fault.TRUNCATED,
    ObjectExtended: Fault.EXTENDED,
    ObjectDamaged: Fault.DAMAGED,
    ObjectNotOpened: Fault.FOREIGN,
    UnsupportedVersion: Fault.TOO_NEW,
    ContentDiffers: Fault.FOREIGN,
}
_HOLDS: Final = {
    ObjectKind.SEGMENT: "messages",
    ObjectKind.STATE: "contacts and settings",
    ObjectKind.MEDIA: "a file",
    ObjectKind.ACCOUNT: "the account key",
    ObjectKind.MANIFEST: "the list of an earlier backup",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One object that cannot be used.

    Args:
        conversation: the chat that it affects; empty for all.
        messages: how many lines are in it.
        first_ms, last_ms: of what dates; 0 where there are none.
    """

    path: str
    fault: Fault
    holds: str
    conversation: str = ""
    messages: int = 0
    first_ms: int = 0
    last_ms: int = 0

    @property
    def sentence(self) -> str:
        """Say it to a person."""
        count = f"{self.messages} " if self.messages else ""
        whose = f" of the chat with {self.conversation}" if self.conversation else ""
        return f"{self.path} {self.fault}: it holds {count}{self.holds}{whose}{self._dates}."

    @property
    def _dates(self) -> str:
        if not self.last_ms:
            return ""
        first, last = day(self.first_ms), day(self.last_ms)
        return f" of {last}" if first == last else f" from {first} to {last}"


def finding(entry: Entry, error: GlasspostError) -> Finding:
    """Say what ``error`` means for the object of ``entry``."""
    return Finding(
        entry.path,
        _FAULTS.get(type(error), Fault.MALFORMED),
        _HOLDS.get(ObjectKind(entry.kind), "something"),
        entry.conversation,
        entry.messages,
        entry.first_ms,
        entry.last_ms,
    )


OF_OBJECTS: Final = (ObjectMissing, PeerError)
"""What is wrong with one object; what else is wrong is the storage, and ends the reading."""


class BackupDamaged(UserError):
    """Objects of a backup cannot be used; all others were read."""

    def __init__(self, where: str, findings: tuple[Finding, ...]) -> None:
        self.findings = findings
        count = "One object" if len(findings) == 1 else f"{len(findings)} objects"
        super().__init__(
            f"{count} of the backup in {where} cannot be used.",
            why=" ".join(each.sentence for each in findings[:_MOST_TOLD]),
            hint="Everything else is readable. Put back these files from another copy of the"
            " storage, and try again; or make a new backup from a device that has the messages.",
        )


_MOST_TOLD: Final = 20
