"""Where heads come from: the storage, and each vault that keeps a copy.

One honest source is enough to notice that the storage was set back; a source that
cannot be reached is named, and stops nobody.

Spec: docs/backup.md#reading, docs/formats.md#which-head-is-believed
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import trio

from client.backup.reading.fetching import read_whole
from client.backup.targets.interface import ObjectMissing, Target
from client.errors import UserError
from protocol.archive.head import HEAD_BYTES, head_beside
from protocol.archive.layout import HEAD_PATH


class HeadSource(Protocol):
    """Keeps a copy of an archive's newest head: a vault."""

    @property
    def name(self) -> str:
        """Give what a person calls it."""

    async def head(self) -> bytes | None:
        """Give the head as it was placed there, unproven; None if there is none.

        Raises:
            UserError: it cannot be asked now; the words name it.
        """


@dataclass(frozen=True, slots=True)
class Heads:
    """What the sources gave, by name, and who could not be asked."""

    stored: Mapping[str, bytes]
    silent: Mapping[str, UserError]


async def head_of_storage(target: Target, keyring: bytes) -> bytes | None:
    """Give the head beside the keyring that was read before it; None if there is none.

    Raises:
        TargetError: the storage failed.
    """
    try:
        stored = await read_whole(target, HEAD_PATH, 2 * HEAD_BYTES)
    except ObjectMissing:
        return None
    return head_beside(stored, keyring)


async def gather_heads(target: Target, keyring: bytes, sources: Sequence[HeadSource]) -> Heads:
    """Ask the storage, and then all ``sources`` at once.

    Raises:
        TargetError: the storage failed; without it there is nothing to read.
    """
    given: dict[str, bytes] = {}
    silent: dict[str, UserError] = {}

    async def ask(source: HeadSource) -> None:
        try:
            head = await source.head()
        except UserError as error:
            silent[source.name] = error
        else:
            if head is not None:
                given[source.name] = head

    shown = await head_of_storage(target, keyring)
    async with trio.open_nursery() as nursery:
        for source in sources:
            nursery.start_soon(ask, source)
    if shown is not None:
        given[target.where] = shown
    return Heads(given, silent)
