"""What storages list, kept within bounds: a list may be false, and it may have no end.

Files under other paths are none of ours and passed over.
"""

from collections.abc import AsyncGenerator, Generator
from itertools import islice
from typing import Final

from client.backup.targets.interface import MAX_LISTED_OBJECTS, Listed, TargetRefused
from client.values import RunBlocking
from protocol.archive.layout import is_object_path

_BATCH: Final = 1_000


class ListLimit:
    """Counts what a storage lists."""

    def __init__(self, where: str) -> None:
        self._where, self._count = where, 0

    def count(self) -> None:
        """Count one more.

        Raises:
            TargetRefused: it was one too many.
        """
        self._count += 1
        if self._count > MAX_LISTED_OBJECTS:
            raise TargetRefused(
                self._where,
                "its list of files has no end.",
                why=f"A backup has at most {MAX_LISTED_OBJECTS} of them.",
                hint="Keep the backup in a folder of its own.",
            )


async def objects_of(
    where: str, entries: Generator[Listed, None, None], run_blocking: RunBlocking
) -> AsyncGenerator[Listed, None]:
    """Give the objects among ``entries``, a generator that blocks."""
    limit = ListLimit(where)
    try:
        while batch := await run_blocking(lambda: list(islice(entries, _BATCH))):
            for entry in batch:
                limit.count()
                if is_object_path(entry.path) and entry.size >= 0:
                    yield entry
    finally:
        entries.close()
