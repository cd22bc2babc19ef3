"""What is put: bytes, a file, or what an iterator yields.

An iterator can be read once, and a put may have to read twice (a lost connection, a second try).
So what it yields goes to a file first: beside the profile, and it is ciphertext already.

Spec: docs/backup.md#target
"""

import os
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import trio

from client.backup.targets.interface import PIECE_BYTES
from client.errors import LocalError
from client.values import RunBlocking


@dataclass(frozen=True, slots=True)
class BytesSource:
    """Bytes in memory: for small objects."""

    data: bytes

    @property
    def size(self) -> int:
        """Give the size in bytes."""
        return len(self.data)

    async def read(self, offset: int, length: int) -> bytes:
        """Give a part."""
        await trio.lowlevel.checkpoint()
        return self.data[offset : offset + length]


@dataclass(frozen=True, slots=True)
class FileSource:
    """An open file, as long as it was when it was opened; made by the functions below."""

    descriptor: int
    size: int
    run_blocking: RunBlocking

    async def read(self, offset: int, length: int) -> bytes:
        """Give a part.

        Raises:
            LocalError: the file was cut meanwhile, or does not read.
        """
        wanted = max(0, min(length, self.size - offset))

        def blocking() -> bytes:
            with _told("read"):
                return os.pread(self.descriptor, wanted, offset)

        data = await self.run_blocking(blocking)
        if len(data) != wanted:
            raise LocalError(
                "A file became shorter while it was copied into the backup.",
                hint="Let it be, and try again.",
            )
        return data


@asynccontextmanager
async def file_source(path: Path, run_blocking: RunBlocking) -> AsyncIterator[FileSource]:
    """Open the file at ``path`` until the block is left.

    Raises:
        LocalError: it cannot be opened.
    """

    def opened() -> BinaryIO:
        with _told("read"):
            return path.open("rb")

    file = await run_blocking(opened)
    with file:
        yield FileSource(file.fileno(), os.fstat(file.fileno()).st_size, run_blocking)


@asynccontextmanager
async def spooled(
    chunks: Iterable[bytes], folder: Path, run_blocking: RunBlocking
) -> AsyncIterator[FileSource]:
    """Write what ``chunks`` yields to a file without a name in ``folder``, until the block is left.

    Without a name nothing is left of it, whenever this program ends. ``chunks`` is run by
    ``run_blocking``, some PIECE_BYTES at a time.

    Raises:
        LocalError: the disk is full, or ``folder`` may not be written.
    """

    def opened() -> BinaryIO:
        with _told("write"):
            return tempfile.TemporaryFile(dir=folder, buffering=0)

    file = await run_blocking(opened)
    with file:
        waiting = iter(chunks)
        while await run_blocking(lambda: _spool_some(waiting, file)):
            pass
        yield FileSource(file.fileno(), os.fstat(file.fileno()).st_size, run_blocking)


def _spool_some(chunks: Iterator[bytes], file: BinaryIO) -> bool:
    """Write chunks until it is PIECE_BYTES; tell whether there may be more."""
    held, size = [], 0
    for chunk in chunks:
        held.append(chunk)
        size += len(chunk)
        if size >= PIECE_BYTES:
            break
    with _told("write"):
        _write_all(file, b"".join(held))
    return size >= PIECE_BYTES


def _write_all(file: BinaryIO, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]


@contextmanager
def _told(verb: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LocalError(
            f"A file of the backup cannot be {'read' if verb == 'read' else 'written'} here.",
            why=f"The system says: {error.strerror}.",
            hint="Check permissions and free space of the profile's folder.",
        ) from error
