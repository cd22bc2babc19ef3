"""A folder as a target: a disk of this machine, or whatever is mounted there.

Spec: docs/backup.md#target
"""

from collections.abc import AsyncGenerator, Callable, Collection
from functools import partial
from pathlib import Path

import trio

from client.backup.targets.folder_faults import told_about
from client.backup.targets.folder_files import Draft, FolderFiles
from client.backup.targets.interface import PIECE_BYTES, Listed, Source
from client.backup.targets.listing import objects_of
from client.values import Surroundings


class FolderTarget:
    """The folder ``root``; see :class:`client.backup.targets.interface.Target`."""

    def __init__(self, root: Path, surroundings: Surroundings) -> None:
        self.where = f"folder:{root}"
        self._run = surroundings.run_blocking
        self._files = FolderFiles(root, self.where, surroundings.random_bytes)
        self._tidied = False

    async def prepare(self) -> None:
        """Make the folder and see that it can be written."""
        await self._run(self._files.prepare)

    async def put(self, path: str, source: Source) -> None:
        """Write a file beside, sync it, and give it its name."""
        await self._tidy_once()
        draft = await self._run(lambda: self._files.begin(path))
        try:
            await self._write(draft, source)
        except BaseException:
            with trio.CancelScope(shield=True):
                await self._run(draft.discard)
            raise
        finally:
            draft.close()

    async def size(self, path: str) -> int | None:
        """Give a file's size."""
        return await self._run(lambda: self._files.size(path))

    async def read(self, path: str, offset: int, length: int) -> bytes:
        """Give a part of a file."""
        return await self._run(lambda: self._files.read(path, offset, length))

    def listed(self, known: Collection[str] = ()) -> AsyncGenerator[Listed, None]:
        """List what is there; files tell their names themselves."""
        return objects_of(self.where, self._files.listed(), self._run)

    async def delete(self, path: str) -> None:
        """Delete a file, durably."""
        await self._run(lambda: self._files.delete(path))

    async def keep(self, paths: Collection[str]) -> None:
        """Do nothing: a folder forgets nothing."""

    async def _write(self, draft: Draft, source: Source) -> None:
        for offset in range(0, source.size, PIECE_BYTES):
            piece = await source.read(offset, PIECE_BYTES)
            await self._told(partial(draft.write, piece))
        await self._told(draft.publish)

    async def _told(self, write: Callable[[], None]) -> None:
        def blocking() -> None:
            with told_about(self.where):
                write()

        await self._run(blocking)

    async def _tidy_once(self) -> None:
        if not self._tidied:
            await self._run(self._files.remove_leftovers)
            self._tidied = True
