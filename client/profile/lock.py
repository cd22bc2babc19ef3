"""Locks between processes: who receives, who prints.

``flock`` belongs to the open file, so the kernel releases it when the process
dies, however it dies: no stale lock, no process id to check. The file itself
stays and says nothing.
"""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from client.errors import LocalError
from client.profile.files import PRIVATE_FILE


class FileLock:
    """A lock that this process holds; leave the ``with`` block, or :meth:`release` it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    def release(self) -> None:
        """Give the lock back; a second time does nothing."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def try_lock(path: Path) -> FileLock | None:
    """Take the lock ``path`` if nobody has it, without waiting.

    Returns:
        The lock, or None while another holder (in any process, this one too) has it.

    Raises:
        LocalError: the file cannot be opened, or its file system has no locks.
    """
    descriptor = _open(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except OSError as error:
        os.close(descriptor)
        raise LocalError(
            f"The lock {path} cannot be taken.",
            why=f"The file system says: {error.strerror}.",
            hint="Keep the profile on a local disk.",
        ) from error
    return FileLock(descriptor)


def is_locked(path: Path) -> bool:
    """Tell whether somebody holds the lock ``path`` at this moment.

    Raises:
        LocalError: as for :func:`try_lock`.
    """
    lock = try_lock(path)
    if lock is None:
        return True
    lock.release()
    return False


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
    except OSError as error:
        raise LocalError(
            f"The lock {path} cannot be opened.",
            why=f"The system says: {error.strerror}.",
            hint="Check who owns the profile's folder and whether the disk is full.",
        ) from error
