"""A whole backup in one file: the storage's tree as a tar, copied as it is.

What goes in is what the profile knows to be needed, under the lock of its backup: so the file is
one backup with the earlier ones that are kept, and not a mixture of two.

Spec: docs/formats.md#the-tree
"""

import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar

import trio

from client.backup.targets.interface import PIECE_BYTES, ObjectMissing, Target
from client.backup.targets.tar_format import TAR_END, header_of, padding_of, tar_bytes
from client.errors import LocalError
from client.profile.files import sync_folder
from client.text import clean_line
from client.values import RunBlocking

T = TypeVar("T")

Write = Callable[[bytes], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Copied:
    """How much is copied, of how much."""

    done_bytes: int
    total_bytes: int


Report = Callable[[Copied], None]


async def export(
    target: Target, paths: Sequence[str], file: Path, run: RunBlocking, report: Report
) -> int:
    """Copy objects into a tar, which is there whole or not at all; give its size.

    Args:
        paths: of what the backup needs, keyring and head first.
        file: of mode 0600; an older one is replaced.

    Raises:
        ObjectMissing: the storage lost one; nothing was written.
        TargetError: the storage failed.
        LocalError: the disk is full, or the folder may not be written.
    """
    sizes = [(path, await _size(target, path)) for path in paths]
    total = tar_bytes([size for _, size in sizes])
    done = 0
    async with _written_whole(file, run) as write:
        for path, size in sizes:
            await write(header_of(path, size))
            for offset in range(0, size, PIECE_BYTES):
                piece = await target.read(path, offset, min(PIECE_BYTES, size - offset))
                if not piece:
                    raise _changed(target, path)
                await write(piece)
                done += len(piece)
                report(Copied(done, total))
            await write(padding_of(size))
        await write(TAR_END)
    return total


async def _size(target: Target, path: str) -> int:
    size = await target.size(path)
    if size is None:
        raise _changed(target, path)
    return size


def _changed(target: Target, path: str) -> ObjectMissing:
    hint = "Write it anew with glasspost backup create, then export again."
    return ObjectMissing(target.where, path, hint=hint)


@asynccontextmanager
async def _written_whole(path: Path, run: RunBlocking) -> AsyncIterator[Write]:
    """Give what writes the next part of a file that gets its name after the block."""
    draft = await run(lambda: _told(path, lambda: _begin(path)))
    try:

        async def write(data: bytes) -> None:
            await run(lambda: _told(path, lambda: _write_all(draft, data)))

        yield write
        await run(lambda: _told(path, lambda: _finish(draft, path)))
    except BaseException:
        with trio.CancelScope(shield=True):
            await run(lambda: _abandon(draft))
        raise


@dataclass(frozen=True, slots=True)
class _Draft:
    file: BinaryIO
    name: Path


def _begin(path: Path) -> _Draft:
    descriptor, name = tempfile.mkstemp(".new", f".{path.name}.", path.parent)
    return _Draft(os.fdopen(descriptor, "wb"), Path(name))


def _write_all(draft: _Draft, data: bytes) -> None:
    draft.file.write(data)


def _finish(draft: _Draft, path: Path) -> None:
    draft.file.flush()
    os.fsync(draft.file.fileno())
    draft.file.close()
    draft.name.replace(path)
    sync_folder(path.parent)


def _abandon(draft: _Draft) -> None:
    # What it still held may not fit on the disk.
    with suppress(OSError):
        draft.file.close()
    draft.name.unlink(missing_ok=True)


def _told(path: Path, call: Callable[[], T]) -> T:
    try:
        return call()
    except OSError as error:
        raise LocalError(
            f"The file {clean_line(str(path))} cannot be written.",
            why=f"The system says: {error.strerror}.",
            hint="Check path, permissions and free space. Nothing was left there.",
        ) from error
