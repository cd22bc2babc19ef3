"""The little of tar that an exported backup needs: regular files with short names, uncompressed.

    header (512) || content || zeros up to 512    for each file, then two blocks of zeros

Read without the standard library's archive object: that one follows extensions into memory as
long as they claim to be. Blocks of other kinds (folders, attributes) are passed over.
"""

import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from client.backup.targets.interface import MAX_LISTED_OBJECTS
from protocol.archive.layout import is_object_path

BLOCK_BYTES: Final = tarfile.BLOCKSIZE
TAR_END: Final = bytes(2 * BLOCK_BYTES)

_MODE: Final = 0o600
_MOST_OTHERS: Final = 10_000
"""Folders and attributes of a tar that somebody made of the folder by hand."""


class BadTar(ValueError):
    """Bytes are no uncompressed tar, or one without an end."""


@dataclass(frozen=True, slots=True)
class Member:
    """Where a file's content begins, and how long it is."""

    offset: int
    size: int


def header_of(path: str, size: int) -> bytes:
    """Give the block in front of a file; ``path`` is one of a backup, so it is short."""
    member = tarfile.TarInfo(path)
    member.size, member.mode = size, _MODE
    return member.tobuf(tarfile.GNU_FORMAT)


def padding_of(size: int) -> bytes:
    """Give the zeros behind a file."""
    return bytes(-size % BLOCK_BYTES)


def tar_bytes(sizes: list[int]) -> int:
    """Give how long a tar of files of these sizes is."""
    return sum(BLOCK_BYTES + size + len(padding_of(size)) for size in sizes) + len(TAR_END)


def members_untrusted(read_at: Callable[[int, int], bytes]) -> dict[str, Member]:
    """Give the files of a backup in a tar, by path; the first of a name counts.

    A tar that was cut gives what is before the cut: what is missing is named when it is looked for.

    Args:
        read_at: gives bytes at (offset, length), fewer only at the end.

    Raises:
        BadTar: it does not begin as one, or has no end.
    """
    found: dict[str, Member] = {}
    offset, others = 0, 0
    while (block := read_at(offset, BLOCK_BYTES)) != bytes(len(block)):
        try:
            info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except tarfile.HeaderError as error:
            if found:
                break
            raise BadTar from error
        path = info.name.removeprefix("./")
        if info.isreg() and is_object_path(path):
            found.setdefault(path, Member(offset + BLOCK_BYTES, info.size))
        else:
            others += 1
        if info.size < 0 or others > _MOST_OTHERS or len(found) > MAX_LISTED_OBJECTS:
            raise BadTar
        offset += BLOCK_BYTES + info.size + len(padding_of(info.size))
    if not found and offset == 0:
        raise BadTar
    return found
