"""What a backup is made with, and what it came to."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from client.backup.targets.interface import Target
from client.backup.writing.progress import Meter, Report
from client.profile.paths import ProfileFolder
from client.store.archive import Archive
from client.store.database import Database
from client.values import Surroundings


class HeadKeeper(Protocol):
    """Keeps a copy of an archive's newest head: a vault."""

    @property
    def name(self) -> str:
        """Give what a person calls it; the same in every run."""

    async def place(self, head: bytes) -> bool:
        """Hand over a signed head; tell whether it is there, durably. False: try again later.

        The same head may be placed again.
        """


@dataclass(frozen=True, slots=True)
class Keepers:
    """The vaults of an archive, and how many of them have to know a head before it is shown."""

    vaults: Sequence[HeadKeeper] = ()
    least: int = 0


@dataclass(frozen=True, slots=True)
class Writer:
    """Everything that backups of one profile are made with."""

    database: Database
    folder: ProfileFolder
    target: Target
    keepers: Keepers
    surroundings: Surroundings
    report: Report


@dataclass
class Run:
    """One backup that is being made.

    Args:
        archive: as it was when the backup began.
        epoch: of this backup.
        number: of the last change that counts.
        lost: paths of objects that were gone or damaged and are written anew.
        missing_media: files of messages that are gone from this device.
    """

    writer: Writer
    archive: Archive
    epoch: int
    number: int
    meter: Meter
    lost: list[str] = field(default_factory=list)
    missing_media: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a backup came to.

    Args:
        put_objects, put_bytes: what went into the storage.
        deleted: objects that nobody needed.
        lost: paths of objects that were gone or damaged in the storage; their lines were
            written anew.
        missing_media: labels of files that are not on this device any more, nor in the backup.
        owed: vaults that have not been told yet; the next backup tells them.
    """

    epoch: int
    made_at_ms: int
    put_objects: int
    put_bytes: int
    deleted: int
    lost: tuple[str, ...]
    missing_media: tuple[str, ...]
    owed: tuple[str, ...]
