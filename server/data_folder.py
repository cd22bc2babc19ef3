"""A service's folder: made at the first start, used by one process at a time.

    relay.key     the private key and its certificate, mode 0600
    relay.db      accounts, prekeys, mail (and -wal, -shm beside it)
    relay.log     what happened, one JSON object a line
    relay.lock    locked while a relay runs; holds its process number

A vault's files are named likewise.

Spec: docs/relay.md#files, docs/vault.md#files
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from server.complaints import CannotStart, why


@dataclass(frozen=True, slots=True)
class DataFolder:
    """Where the things of a ``service`` ("relay", "vault") lie."""

    path: Path
    service: str

    @property
    def key(self) -> Path:
        """The private key and its certificate."""
        return self.path / f"{self.service}.key"

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.path / f"{self.service}.db"

    @property
    def log(self) -> Path:
        """The log."""
        return self.path / f"{self.service}.log"

    @property
    def lock(self) -> Path:
        """Locked as long as the service runs."""
        return self.path / f"{self.service}.lock"


def default_path(service: str) -> Path:
    """Give the service's folder in the user's data directory."""
    return platformdirs.user_data_path("glasspost", appauthor=False) / service


@contextmanager
def locked_folder(path: Path, service: str) -> Iterator[DataFolder]:
    """Make the folder if need be and keep other processes of the ``service`` out of it.

    The lock is the kernel's: it ends with the process, however that ends.

    Raises:
        CannotStart: the folder cannot be used, or another process uses it.
    """
    folder = DataFolder(path, service)
    lock = _open_lock(folder.lock)
    try:
        _take(lock, folder)
        yield folder
    finally:
        os.close(lock)


def _open_lock(lock: Path) -> int:
    try:
        _make_durably(lock.parent)
        return os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise CannotStart(
            f"The folder {lock.parent} cannot be used",
            why(error),
            "Choose another one with --data, or make this one writable.",
        ) from error


def _make_durably(path: Path) -> None:
    """Make the folder and what is missing above it, so that a power loss takes no relay.key."""
    missing = [each for each in (path, *path.parents) if not each.exists()]
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    for each in missing:
        folder = os.open(each.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _take(lock: int, folder: DataFolder) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        process = os.pread(lock, 32, 0).decode(errors="replace").strip() or "unknown"
        raise CannotStart(
            f"The folder {folder.path} cannot be used",
            f"another {folder.service} is using it (process {process})",
            "Stop that one, or choose another folder with --data.",
        ) from error
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
