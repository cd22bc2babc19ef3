"""Where objects of a backup lie: what every storage can do, and how it fails.

A target knows paths, bytes and sizes. It knows nothing of keys and manifests, trusts nothing and
checks nothing: whoever reads proves what was read.

    put      when it returns, the object is there, whole and durable; cut off before, it is not
             there (or the old one still is), and the same put again ends it
    read     keyring and head are the old ones or the new ones, and read in one call
    delete   when it returns, the object is not there

Spec: docs/backup.md#target
"""

from collections.abc import AsyncGenerator, Collection
from dataclasses import dataclass
from typing import Final, Protocol

from client.errors import ExitCode, UserError
from protocol.archive.layout import HEAD_PATH, KEYRING_PATH
from protocol.limits import MAX_MANIFEST_ENTRIES

PIECE_BYTES: Final = 1_048_576
"""What is held in memory of an object that passes through."""

REPLACED_PATHS: Final = frozenset({KEYRING_PATH, HEAD_PATH})
"""What ``put`` may put over an older one; everything else is written once."""

MAX_REPLACED_BYTES: Final = 65_536
"""Longest of them: so that one call reads it, and a mixture of two cannot be seen."""

MAX_LISTED_OBJECTS: Final = 2 * MAX_MANIFEST_ENTRIES
"""Twice what a manifest can name: a storage that lists more is not telling the truth."""


class TargetError(UserError):
    """A storage could not do what it was asked for; ``where`` names it."""

    def __init__(self, where: str, what: str, *, why: str = "", hint: str = "") -> None:
        super().__init__(f"{where}: {what}", why=why, hint=hint)
        self.where = where


class TargetUnreachable(TargetError):
    """It is not there now, or does not answer: the same may succeed later."""

    exit_code = ExitCode.UNREACHABLE


class TargetFull(TargetError):
    """It has no room for the object."""

    exit_code = ExitCode.REFUSED


class TargetRefused(TargetError):
    """It says no (permissions, credentials, settings), or does not behave as a storage should."""

    exit_code = ExitCode.REFUSED


class ObjectMissing(TargetError):
    """An object is not there; ``path`` is one that is missing."""

    def __init__(self, where: str, path: str, *, why: str = "", hint: str = "") -> None:
        super().__init__(where, f"there is no {path}.", why=why, hint=hint)
        self.path = path


class Source(Protocol):
    """What is put: its size is known, and any part can be read again."""

    @property
    def size(self) -> int:
        """Give the size in bytes."""

    async def read(self, offset: int, length: int) -> bytes:
        """Give ``length`` bytes from ``offset``, fewer only at the end.

        Raises:
            LocalError: what is read is gone, or not as long as it was.
        """


@dataclass(frozen=True, slots=True)
class Listed:
    """An object in a list: what the storage says of it."""

    path: str
    size: int


class Target(Protocol):
    """A storage. Every call raises a :class:`TargetError` and nothing else when the storage fails.

    Paths are those of :mod:`protocol.archive.layout`.
    """

    @property
    def where(self) -> str:
        """Give the storage as a person typed it, to be shown."""

    async def prepare(self) -> None:
        """Make what has to be there before the first put; for setting up a backup only.

        Afterwards a folder that is missing is an unplugged disk, not a new backup.
        """

    async def put(self, path: str, source: Source) -> None:
        """Put an object there, whole and durable, or not at all.

        The same may be put again, after a failure or without need. ``keyring`` and ``head`` are
        replaced: a reader sees the old one or the new one. They have at most MAX_REPLACED_BYTES.

        Raises:
            TargetFull: there is no room; what was there is still there.
            LocalError: the source cannot be read.
        """

    async def size(self, path: str) -> int | None:
        """Give the size of an object, or None if there is none."""

    async def read(self, path: str, offset: int, length: int) -> bytes:
        """Give ``length`` bytes from ``offset``, fewer only at the object's end.

        Raises:
            ObjectMissing: there is no such object.
        """

    def listed(self, known: Collection[str] = ()) -> AsyncGenerator[Listed, None]:
        """Give what is there under a path of a backup, in any order, each once.

        Files that are none of ours are not listed. Whoever leaves the list early closes it
        (``contextlib.aclosing``).

        Args:
            known: paths that the caller knows of. A relay keeps no names: it lists what it has
                of ``known``, and what nobody names any more it forgets by itself.

        Raises:
            TargetRefused: the list has no end (MAX_LISTED_OBJECTS).
        """

    async def delete(self, path: str) -> None:
        """Delete an object; it is no error if there is none."""

    async def keep(self, paths: Collection[str]) -> None:
        """Let objects live on where a storage forgets (a relay after 90 days); else do nothing.

        Raises:
            ObjectMissing: the storage noticed that some are not there any more.
        """
