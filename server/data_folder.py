"""The relay's folder: made at the first start, used by one relay at a time.

    relay.key     the private key and its certificate, mode 0600
    relay.db      accounts, prekeys, mail (and -wal, -shm beside it)
    relay.log     what happened, one JSON object a line
    relay.lock    locked while a relay runs; holds its process number

Spec: docs/relay.md#files
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
    """Where things lie."""

    path: Path

    @property
    def key(self) -> Path:
        """The private key and its certificate."""
        return self.path / "relay.key"

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.path / "relay.db"

    @property
    def log(self) -> Path:
        """The log."""
        return self.path / "relay.log"


def default_path() -> Path:
    """Give the relay's folder in the user's data directory."""
    return platformdirs.user_data_path("glasspost", appauthor=False) / "relay"


@contextmanager
def locked_folder(path: Path) -> Iterator[DataFolder]:
    """Make the folder if need be and keep other relays out of it.

    The lock is the kernel's: it ends with the process, however that ends.

    Raises:
        CannotStart: the folder cannot be used, or another relay uses it.
    """
    lock = _open_lock(path)
    try:
        _take(lock, path)
        yield DataFolder(path)
    finally:
        os.close(lock)


def _open_lock(path: Path) -> int:
    try:
        _make_durably(path)
        return os.open(path / "relay.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise CannotStart(
            f"The folder {path} cannot be used",
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


def _take(lock: int, path: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        process = os.pread(lock, 32, 0).decode(errors="replace").strip() or "unknown"
        raise CannotStart(
            f"The folder {path} cannot be used",
            f"another relay is using it (process {process})",
            "Stop that one, or choose another folder with --data.",
        ) from error
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
