"""What is restored, into what, and what it came to.

Spec: docs/backup.md#reading
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from client.backup.reading.findings import Finding
from client.backup.reading.segments import EVERYTHING, Selection
from client.store.database import Database
from client.values import Surroundings
from protocol.archive.account import AccountKeyRecord
from protocol.ids import Name

TakeOver = Callable[[AccountKeyRecord], Awaitable[None]]
"""Registers this profile's identity under its name with the account key that a backup holds.

Called once the contacts are there; called again in the next run if it raised.
"""


@dataclass(frozen=True, slots=True)
class Storage:
    """Where the backup lies, as the profile notes it to go on with it.

    Args:
        secret: what the target needs besides its text; None for nothing.
    """

    target: str
    secret: bytes | None = None


@dataclass(frozen=True, slots=True)
class Destination:
    """The profile that a backup is restored into."""

    database: Database
    surroundings: Surroundings


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is to be restored, and how.

    Args:
        selection: which messages.
        take_over: None leaves the name as it is: the profile has it already.
        storage: None leaves the backup to others: this profile does not go on with it.
    """

    selection: Selection = EVERYTHING
    take_over: TakeOver | None = None
    storage: Storage | None = None


ALL: Final = Wishes()
"""Every message, into a profile that has its name, from a backup that others go on with."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore came to.

    Args:
        lines: that were added in this run.
        differing: contacts whose key in the backup is not the pinned one.
        continues: the profile's next backup goes on with this one.
        findings: what could not be used.
    """

    lines: int
    differing: tuple[Name, ...]
    continues: bool
    findings: tuple[Finding, ...]
