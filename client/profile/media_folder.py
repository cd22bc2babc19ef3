"""The object files of media: sealed while they stream, there whole or not at all.

A file is written under its final random name with ``.new`` behind it, synced and renamed.
What a crash leaves (a ``.new``, or a file whose line was never stored) goes with
:func:`sweep`. All of it blocks: call it through the runner of blocking calls.

Spec: docs/formats.md#media
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from client.errors import LocalError
from client.profile.files import PRIVATE_FILE, make_folders, sync_folder
from client.store.media import MediaObject, Medium
from protocol.archive.keys import ObjectKey
from protocol.archive.layout import ObjectKind
from protocol.archive.opening import OpenObject
from protocol.archive.sealing import seal_object
from protocol.errors import TooLong
from protocol.limits import MAX_MEDIA_PARTS, MAX_OBJECT_BYTES
from protocol.randomness import RandomBytes

_NAME_BYTES: Final = 16
_BLOCK_BYTES: Final = 262_144
_UNFINISHED: Final = ".new"


class _Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...


@dataclass(frozen=True, slots=True)
class MediaFolder:
    """The folder of a profile's media; made with the first file."""

    path: Path

    def store(self, label: str, content: BinaryIO, size: int, random_bytes: RandomBytes) -> Medium:
        """Seal ``size`` bytes of ``content`` into as many files as it takes.

        Nothing refers to them until :func:`client.store.media.attach` has committed.

        Raises:
            TooLong: more than MAX_MEDIA_PARTS objects hold.
            ContentSizeDiffers: ``content`` ends early.
            LocalError: the disk is full, or the folder may not be written.
        """
        most = MAX_MEDIA_PARTS * MAX_OBJECT_BYTES
        if size > most:
            raise TooLong("file", size, most)
        whole, parts = hashlib.sha256(), []
        for start in range(0, max(size, 1), MAX_OBJECT_BYTES):
            part_bytes = min(MAX_OBJECT_BYTES, size - start)
            parts.append(self._seal(content, part_bytes, whole, random_bytes))
        return Medium(label, size, whole.digest(), tuple(parts))

    def write(self, sealed: Iterable[bytes], random_bytes: RandomBytes) -> str:
        """Write an object's bytes under a new random name, durably; give the name.

        Raises:
            LocalError: as for :meth:`store`.
        """
        name = random_bytes(_NAME_BYTES).hex()
        unfinished = self.path / (name + _UNFINISHED)
        with _told(self.path):
            make_folders(self.path)
            try:
                _write_synced(unfinished, sealed)
                unfinished.rename(self.path / name)
            except BaseException:
                unfinished.unlink(missing_ok=True)
                raise
            sync_folder(self.path)
        return name

    def names(self) -> frozenset[str]:
        """Give the names of all files that are there.

        Raises:
            LocalError: the folder may not be read.
        """
        with _told(self.path):
            return frozenset(os.listdir(self.path)) if self.path.exists() else frozenset()

    def begin(self, name: str) -> BinaryIO:
        """Open the file ``name`` to be written in parts: :meth:`extend`, then :meth:`finish`.

        Raises:
            LocalError: as for :meth:`store`; so do the other three.
        """
        with _told(self.path):
            make_folders(self.path)
            path = self.path / (name + _UNFINISHED)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE)
            return os.fdopen(descriptor, "wb")

    def extend(self, file: BinaryIO, data: bytes) -> None:
        """Write the next part."""
        with _told(self.path):
            file.write(data)

    def finish(self, name: str, file: BinaryIO) -> None:
        """Give the file its name, durably."""
        with _told(self.path):
            file.flush()
            os.fsync(file.fileno())
            file.close()
            (self.path / (name + _UNFINISHED)).rename(self.path / name)
            sync_folder(self.path)

    def abandon(self, name: str, file: BinaryIO) -> None:
        """Leave nothing of a file that was begun."""
        with _told(self.path):
            (self.path / (name + _UNFINISHED)).unlink(missing_ok=True)
            with suppress(OSError):  # what is still to be written does not matter any more
                file.close()

    def blocks(self, part: MediaObject) -> Iterator[bytes]:
        """Give the content of an object file in blocks, each proven.

        Raises:
            PeerError: the file was changed.
            LocalError: it is missing, or does not read.
        """
        with _told(self.path), (self.path / part.file).open("rb") as file:

            def read_at(offset: int, length: int) -> bytes:
                return os.pread(file.fileno(), length, offset)

            yield from OpenObject(ObjectKind.MEDIA, part.key, read_at).blocks()

    def sweep(self, known: frozenset[str]) -> int:
        """Remove files that are not in ``known``; give how many.

        For the start of a profile: who writes a file meanwhile would lose it.
        """
        with _told(self.path):
            if not self.path.exists():
                return 0
            strays = [file for file in self.path.iterdir() if file.name not in known]
            for file in strays:
                file.unlink(missing_ok=True)
            return len(strays)

    def _seal(
        self, content: BinaryIO, size: int, whole: _Hash, random_bytes: RandomBytes
    ) -> MediaObject:
        key, own = ObjectKey.generate(random_bytes), hashlib.sha256()
        blocks = _hashed(content, size, (whole, own))
        sealed = seal_object(ObjectKind.MEDIA, key, blocks, size, random_bytes)
        file = self.write(sealed, random_bytes)
        return MediaObject(file, key, own.digest(), size)


def _hashed(content: BinaryIO, size: int, hashes: tuple[_Hash, ...]) -> Iterator[bytes]:
    left = size
    while left and (block := content.read(min(left, _BLOCK_BYTES))):
        for each in hashes:
            each.update(block)
        left -= len(block)
        yield block


def _write_synced(path: Path, chunks: Iterable[bytes]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    with os.fdopen(descriptor, "wb") as file:
        file.writelines(chunks)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LocalError(
            f"A file of a message in {folder} cannot be read or written.",
            why=f"The system says: {error.strerror}.",
            hint="Check the permissions and the free space of the profile's folder.",
        ) from error
