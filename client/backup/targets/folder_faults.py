"""What a file system says, as errors of a target.

no room                          TargetFull
may not, or something else there TargetRefused
not there, or does not work      TargetUnreachable: a disk that is not plugged in, a dead mount
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from client.backup.targets.interface import (
    TargetError,
    TargetFull,
    TargetRefused,
    TargetUnreachable,
)

_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_MAY_NOT: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_IN_THE_WAY: Final = frozenset(
    {errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENOTEMPTY, errno.ENAMETOOLONG}
)


@contextmanager
def told_about(where: str) -> Iterator[None]:
    """Turn the system's errors into those of a target; others pass."""
    try:
        yield
    except OSError as error:
        raise _told(where, error) from error


def folder_missing(where: str) -> TargetUnreachable:
    """Say that the folder of a backup is not there."""
    return TargetUnreachable(
        where,
        "the folder is not there.",
        why="A disk may not be plugged in or mounted.",
        hint="Plug it in and try again, or set up another target.",
    )


def folder_exchanged(where: str) -> TargetUnreachable:
    """Say that another folder has come under the path of a backup."""
    return TargetUnreachable(
        where,
        "there is another folder now under this path.",
        why="A disk was plugged in or out meanwhile.",
        hint="Make sure that the right one is mounted, and try again.",
    )


def in_the_way(where: str, name: str) -> TargetRefused:
    """Say that a name of the backup is taken by something that is no file or folder of it."""
    return TargetRefused(
        where,
        f"what is named {name} there is neither a file nor a folder of a backup.",
        why="Symbolic links are not followed: they could lead anywhere.",
        hint="Move it away.",
    )


def _told(where: str, error: OSError) -> TargetError:
    why = f"The system says: {error.strerror}."
    if error.errno in _NO_ROOM:
        return TargetFull(
            where, "there is no room left.", why=why, hint="Make room, or use a larger disk."
        )
    if error.errno in _MAY_NOT:
        hint = "Check who may write there, and whether the disk is mounted read-only."
        return TargetRefused(where, "the folder may not be read or changed.", why=why, hint=hint)
    if error.errno in _IN_THE_WAY:
        return TargetRefused(
            where, "something else is in the way.", why=why, hint="Look what is there."
        )
    return TargetUnreachable(
        where, "the folder does not work.", why=why, hint="Check the disk, and try again."
    )
