"""Whatever Apache OpenDAL speaks as a target: S3, WebDAV, Google Drive, Dropbox and others.

    stores whole objects (S3)       write ─▶ path
    may leave half of one (WebDAV)  write ─▶ path.3f9c….new ── rename ─▶ path
                                    write ─▶ head.new       ── rename ─▶ head

A rename over an older file may be two steps on a server: gone, then there. In between the whole new
one lies under ``head.new``; readers look there, and a writer ends that step before it begins
another. Half a ``head.new`` is seen only where there never was a whole file, and what is read
proves itself.

OpenDAL's asynchronous side needs asyncio, so its blocking one runs in the runner of blocking calls.

Spec: docs/backup.md#target
"""

import re
from collections.abc import AsyncGenerator, Callable, Collection, Generator
from functools import partial
from typing import Final, TypeVar

import opendal
from opendal.exceptions import NotFound
from opendal.types import Entry

from client.backup.targets import cloud_faults
from client.backup.targets.interface import (
    PIECE_BYTES,
    REPLACED_PATHS,
    Listed,
    ObjectMissing,
    Source,
)
from client.backup.targets.listing import objects_of
from client.values import Surroundings

T = TypeVar("T")

_DRAFT: Final = ".new"
_SUFFIX_BYTES: Final = 8
_LEFTOVER: Final = re.compile(rf"[a-z]+/[0-9a-f-]+\.[0-9a-f]{{{2 * _SUFFIX_BYTES}}}\.new")
# A put of one object takes hours at most; an older draft was left by a crash.
_DRAFT_LIFE_MS: Final = 24 * 3_600_000


class CloudTarget:
    """A storage behind ``operator``; see :class:`client.backup.targets.interface.Target`."""

    def __init__(self, where: str, operator: opendal.Operator, surroundings: Surroundings) -> None:
        self.where = where
        self._operator = operator
        self._surroundings = surroundings
        can = operator.capability()
        self._renames, self._streams = can.rename, can.write_can_multi
        self._last_size: tuple[str, int] | None = None
        self._leftovers: set[str] = set()

    async def prepare(self) -> None:
        """See that the storage answers and takes the credentials."""
        await self.size("keyring")

    async def put(self, path: str, source: Source) -> None:
        """Write an object, in place or beside it."""
        self._last_size = None
        draft = self._draft_of(path) if self._renames else path
        if self._renames and path in REPLACED_PATHS:
            await self._end_rename(path)
        await self._write(draft, path, source)
        if draft != path:
            await self._run(path, partial(self._operator.rename, draft, path))

    async def size(self, path: str) -> int | None:
        """Give an object's size."""
        for name in self._names_of(path):
            try:
                return await self._ask_size(name, path)
            except ObjectMissing:
                continue
        return None

    async def read(self, path: str, offset: int, length: int) -> bytes:
        """Give a part of an object."""
        for name in self._names_of(path):
            try:
                return await self._read(name, path, offset, length)
            except ObjectMissing:
                continue
        raise ObjectMissing(self.where, path, why="It was never there, or somebody deleted it.")

    def listed(self, known: Collection[str] = ()) -> AsyncGenerator[Listed, None]:
        """List what is there; files tell their names themselves."""
        return objects_of(self.where, self._entries(), self._surroundings.run_blocking)

    async def delete(self, path: str) -> None:
        """Delete an object, under all names it is read from."""
        self._last_size = None
        for name in set(self._names_of(path)):
            await self._run(path, partial(self._operator.delete, name))

    async def keep(self, paths: Collection[str]) -> None:
        """Remove old drafts that a list has shown; a cloud forgets nothing by itself."""
        while self._leftovers:
            name = self._leftovers.pop()
            await self._run(name, partial(self._operator.delete, name))

    # --- inside ---------------------------------------------------------------

    async def _run(self, path: str, call: Callable[[], T]) -> T:
        def blocking() -> T:
            with cloud_faults.told_about(self.where, path):
                return call()

        return await self._surroundings.run_blocking(blocking)

    def _draft_of(self, path: str) -> str:
        """Give a name to write under: known where readers look there, else of this put alone."""
        if path in REPLACED_PATHS:
            return path + _DRAFT
        return f"{path}.{self._surroundings.random_bytes(_SUFFIX_BYTES).hex()}{_DRAFT}"

    def _names_of(self, path: str) -> tuple[str, ...]:
        """Give the names to look under, in turn."""
        if self._renames and path in REPLACED_PATHS:
            return (path, path + _DRAFT, path)
        return (path,)

    async def _end_rename(self, path: str) -> None:
        """Give a whole draft its name if a server stopped in the middle of a rename."""

        def end() -> None:
            try:
                self._operator.stat(path)
            except NotFound:
                if self._operator.exists(path + _DRAFT):
                    self._operator.rename(path + _DRAFT, path)

        await self._run(path, end)

    async def _write(self, name: str, path: str, source: Source) -> None:
        """Write all of ``source``: in pieces where the service takes them, else at once."""
        if not self._streams or source.size <= PIECE_BYTES:
            data = await source.read(0, source.size)
            await self._run(path, lambda: self._operator.write(name, data))
            return
        file = await self._run(path, lambda: self._operator.open(name, "wb"))
        for offset in range(0, source.size, PIECE_BYTES):
            piece = await source.read(offset, PIECE_BYTES)
            await self._run(path, partial(file.write, piece))
        await self._run(path, file.close)

    async def _read(self, name: str, path: str, offset: int, length: int) -> bytes:
        wanted = min(length, await self._known_size(name, path) - offset)
        if wanted <= 0:
            return b""
        data = await self._run(path, lambda: self._operator.read(name, offset=offset, size=wanted))
        if len(data) != wanted:
            raise cloud_faults.misbehaves(self.where, path)
        return data

    async def _known_size(self, name: str, path: str) -> int:
        """Ask for a size, once for the many parts in which an object is read."""
        if self._last_size is not None and self._last_size[0] == name:
            return self._last_size[1]
        size = await self._ask_size(name, path)
        if path not in REPLACED_PATHS:
            self._last_size = (name, size)
        return size

    async def _ask_size(self, name: str, path: str) -> int:
        about = await self._run(path, lambda: self._operator.stat(name))
        return about.content_length

    def _entries(self) -> Generator[Listed, None, None]:
        with cloud_faults.told_about(self.where, "its list"):
            for entry in self._operator.list("", recursive=True):
                if entry.metadata.is_file:
                    self._note_leftover(entry)
                    yield Listed(entry.path, entry.metadata.content_length)

    def _note_leftover(self, entry: Entry) -> None:
        changed = entry.metadata.last_modified
        if changed is None or not _LEFTOVER.fullmatch(entry.path):
            return
        if self._surroundings.now_ms() - changed.timestamp() * 1_000 > _DRAFT_LIFE_MS:
            self._leftovers.add(entry.path)
