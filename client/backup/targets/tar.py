"""The tree in one file: an uncompressed tar, written once, read as a target.

    glasspost backup export FILE      Target ──▶ FILE
    glasspost restore --from FILE     FILE as a Target that takes nothing

An ordinary tar: ``tar xf`` makes the folder of it, and a tar of the folder is read as well. It
proves nothing and needs not, since every object does.

Spec: docs/formats.md#the-tree
"""

import os
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import BinaryIO

import trio

from client.backup.targets.interface import (
    Listed,
    ObjectMissing,
    Source,
    TargetRefused,
    TargetUnreachable,
)
from client.backup.targets.tar_format import BadTar, Member, members_untrusted
from client.values import RunBlocking


class TarTarget:
    """A tar that is read; see :class:`client.backup.targets.interface.Target`."""

    def __init__(
        self, where: str, descriptor: int, members: Mapping[str, Member], run: RunBlocking
    ) -> None:
        """Use :func:`tar_target`."""
        self.where = where
        self._descriptor, self._members, self._run = descriptor, members, run

    async def prepare(self) -> None:
        """Refuse: nothing is written here."""
        await trio.lowlevel.checkpoint()
        raise self._read_only()

    async def put(self, path: str, source: Source) -> None:
        """Refuse."""
        await self.prepare()

    async def size(self, path: str) -> int | None:
        """Give a member's size."""
        await trio.lowlevel.checkpoint()
        member = self._members.get(path)
        return None if member is None else member.size

    async def read(self, path: str, offset: int, length: int) -> bytes:
        """Give a part of a member."""
        member = self._members.get(path)
        if member is None:
            await trio.lowlevel.checkpoint()
            raise ObjectMissing(self.where, path, hint="Use another copy of the file.")
        wanted = max(0, min(length, member.size - offset))

        def blocking() -> bytes:
            with _told(self.where):
                return os.pread(self._descriptor, wanted, member.offset + offset)

        return await self._run(blocking)

    async def listed(self, known: Collection[str] = ()) -> AsyncGenerator[Listed, None]:
        """List the members."""
        for path, member in self._members.items():
            await trio.lowlevel.checkpoint()
            yield Listed(path, member.size)

    async def delete(self, path: str) -> None:
        """Refuse."""
        await self.prepare()

    async def keep(self, paths: Collection[str]) -> None:
        """Do nothing: a file forgets nothing."""
        await trio.lowlevel.checkpoint()

    def _read_only(self) -> TargetRefused:
        return TargetRefused(
            self.where,
            "an exported file is only read.",
            hint="Choose a folder or another storage to save into.",
        )


@asynccontextmanager
async def tar_target(path: Path, run: RunBlocking) -> AsyncIterator[TarTarget]:
    """Open the tar at ``path`` until the block is left.

    Raises:
        TargetUnreachable: it cannot be opened.
        TargetRefused: it is no uncompressed tar, or has no end.
    """
    where = str(path)

    def opened() -> tuple[BinaryIO, dict[str, Member]]:
        with _told(where):
            file = path.open("rb")
        try:
            return file, _members(where, file)
        except BaseException:
            file.close()
            raise

    file, members = await run(opened)
    with file:
        yield TarTarget(where, file.fileno(), members, run)


def _members(where: str, file: BinaryIO) -> dict[str, Member]:
    def read_at(offset: int, length: int) -> bytes:
        with _told(where):
            return os.pread(file.fileno(), length, offset)

    try:
        return members_untrusted(read_at)
    except BadTar as error:
        raise TargetRefused(
            where,
            "this is no uncompressed tar of a backup.",
            hint="Name the file that glasspost backup export wrote; unpack it if it is compressed.",
        ) from error


@contextmanager
def _told(where: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TargetUnreachable(
            where,
            "the file cannot be read.",
            why=f"The system says: {error.strerror}.",
            hint="Check its path and permissions.",
        ) from error
