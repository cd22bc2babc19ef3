"""Where one may look at a relay: what a thief of its disk, its operator, or a debugger gets.

The places are told apart by what files are, not by what the relay calls them, so a
file that a later relay adds is searched too.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from scripts.blindness import process_memory, stretches
from scripts.blindness.stretches import Stretch


class Medium(StrEnum):
    """A kind of place; the value is its name on the command line."""

    DATABASE = "database"
    WAL = "wal"
    LOG = "log"
    MEMORY = "memory"
    TRAFFIC = "traffic"


@dataclass(frozen=True, slots=True)
class Places:
    """The places of one relay.

    Attributes:
        data: its data folder. Write-ahead logs count as WAL, what is named a log as
            LOG, all other files as DATABASE (the relay's own key among them).
        printed: all its processes have written to standard output and error.
        traffic: folder of what was said inside TLS.
    """

    data: Path
    printed: Path
    traffic: Path

    def files(self, medium: Medium) -> list[Path]:
        """Give the files of a medium, in a stable order; none for MEMORY."""
        in_data = [path for path in self._data_files() if _kind_of(path) is medium]
        match medium:
            case Medium.LOG:
                return [*in_data, self.printed]
            case Medium.TRAFFIC:
                return sorted(self.traffic.iterdir())
            case _:
                return in_data

    def stretches(self, medium: Medium, pid: int) -> Iterable[Stretch]:
        """Give all bytes of a medium.

        Args:
            medium: where to look.
            pid: the relay's process, stopped; counts for MEMORY only.

        Raises:
            MemoryUnreadable: the medium is MEMORY, and it cannot be read.
        """
        if medium is Medium.MEMORY:
            return process_memory.stretches(pid)
        return stretches.files(self.files(medium))

    def _data_files(self) -> list[Path]:
        return sorted(path for path in self.data.rglob("*") if path.is_file())


def _kind_of(path: Path) -> Medium:
    """Tell a file in the data folder by its name: relay.db-wal, relay.log, relay.log.1."""
    if path.name.endswith("-wal"):
        return Medium.WAL
    return Medium.LOG if ".log" in path.suffixes else Medium.DATABASE
