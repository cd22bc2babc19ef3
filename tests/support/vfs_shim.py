"""A disk that remembers: an apsw VFS between SQLite and the operating system.

    SQLite ──▶ [multipleciphers-...] ──▶ ShimVFS ──▶ unix ──▶ files
                                            │
                                            ├─ trace    every write, sync, truncation, in order
                                            ├─ durable  what a power loss would leave
                                            └─ faults   a full disk, a disk that fails

SIGKILL cannot test fsync: the kernel keeps what a dead process has written. So
a file here has two states, the one programs see and the one that was synced;
``power_loss(folder)`` writes the second into another folder, to be opened anew.
An encrypted database opens ``disk.name_with_ciphers``. The ciphers have to stand
above the shim: a VFS on top of them takes the write-ahead log away from them,
which is then written in plaintext.

    with ShimVFS("shim") as disk:
        connection = apsw.Connection(path, vfs=disk.name)
        ...
        assert not disk.unsynced()
        disk.power_loss(into=other_folder)
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import apsw

BASE = "unix"


@dataclass(frozen=True, slots=True)
class DiskEvent:
    """One thing that happened to a file, named by its last path component."""

    kind: Literal["write", "sync", "truncate", "delete"]
    file: str
    offset: int = 0
    size: int = 0


@dataclass
class _Image:
    """What a file holds on the platter, and what is still on its way there."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)

    def write(self, offset: int, data: bytes) -> None:
        self.pending.append((offset, data))

    def truncate(self, size: int) -> None:
        self.pending.append((size, None))

    def sync(self) -> None:
        for offset, data in self.pending:
            if data is None:
                del self.durable[offset:]
                continue
            gap = offset - len(self.durable)
            if gap > 0:
                self.durable.extend(bytes(gap))
            self.durable[offset : offset + len(data)] = data
        self.pending.clear()


Fault = Callable[[DiskEvent], None]


class ShimVFS(apsw.VFS):
    """A VFS under a name of its own; registered while it is entered.

    Attributes:
        name: for a database that is not encrypted.
        name_with_ciphers: for one that is; SQLite3 Multiple Ciphers makes this
            VFS when a database is first opened with it.
        trace: all events so far, oldest first.
        fault: called before each event reaches the disk; it may raise
            ``apsw.FullError()`` or ``apsw.IOError()``, and nothing is written.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.name_with_ciphers = f"multipleciphers-{name}"
        self.trace: list[DiskEvent] = []
        self.fault: Fault | None = None
        self._images: dict[str, _Image] = {}
        # SQLite may write in a worker thread while the test asks in its own.
        self._lock = threading.RLock()
        super().__init__(name, BASE)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.name_with_ciphers in apsw.vfs_names():
            apsw.unregister_vfs(self.name_with_ciphers)
        self.unregister()

    # --- what a test asks ---------------------------------------------------

    def unsynced(self, ending: str = "") -> list[str]:
        """Name the files (with this ending) that hold bytes a power loss would take."""
        with self._lock:
            return sorted(
                Path(path).name
                for path, image in self._images.items()
                if image.pending and path.endswith(ending)
            )

    def power_loss(self, into: Path) -> None:
        """Write what is durable now into the folder ``into``, under the same file names."""
        into.mkdir(parents=True, exist_ok=True)
        with self._lock:
            for path, image in self._images.items():
                (into / Path(path).name).write_bytes(image.durable)

    def is_durable(self, needle: bytes) -> bool:
        """Tell whether some file holds ``needle`` durably, in one piece."""
        with self._lock:
            return any(needle in image.durable for image in self._images.values())

    # --- what SQLite asks ---------------------------------------------------

    def xOpen(  # noqa: N802
        self, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> "_ShimFile":
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        return _ShimFile(self, name, flags, path)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        self._happens(DiskEvent("delete", Path(filename).name))
        super().xDelete(filename, syncdir)
        with self._lock:
            self._images.pop(filename, None)

    def _happens(self, event: DiskEvent) -> None:
        if self.fault is not None:
            self.fault(event)
        self.trace.append(event)

    def _image(self, path: str) -> _Image:
        with self._lock:
            if path not in self._images:
                here = Path(path)
                found = here.read_bytes() if here.exists() else b""
                self._images[path] = _Image(bytearray(found))
            return self._images[path]


class _ShimFile(apsw.VFSFile):
    def __init__(
        self,
        disk: ShimVFS,
        name: str | apsw.URIFilename | None,
        flags: list[int],
        path: str | None,
    ) -> None:
        self._disk = disk
        # Nameless files are scratch space: SQLite never needs them again.
        self._path = path
        self._image = disk._image(path) if path else _Image()
        super().__init__(BASE, name, flags)

    def _happens(self, kind: Literal["write", "sync", "truncate"], *numbers: int) -> None:
        if self._path:
            self._disk._happens(DiskEvent(kind, Path(self._path).name, *numbers))

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self._happens("write", offset, len(data))
        super().xWrite(data, offset)
        with self._disk._lock:
            self._image.write(offset, bytes(data))

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        self._happens("truncate", newsize)
        super().xTruncate(newsize)
        with self._disk._lock:
            self._image.truncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802
        self._happens("sync")
        super().xSync(flags)
        with self._disk._lock:
            self._image.sync()
