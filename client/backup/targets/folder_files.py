"""The files of a backup in a folder: blocking, and careful about what else may be there.

    segment/.3f9c….1b07….new   written and synced under a name nobody reads
        └ rename ─▶ segment/3f9c…        then the folder is synced

Everything goes through descriptors of folders, so that nothing is written beside the folder that
was opened, and no symbolic link inside it is followed. A writer holds a lock on its file; one that
nobody holds was left by a crash and goes with the first put of the next run.
"""

import errno
import fcntl
import os
import re
import stat
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from client.backup.targets.folder_faults import (
    folder_exchanged,
    folder_missing,
    in_the_way,
    told_about,
)
from client.backup.targets.interface import REPLACED_PATHS, Listed, ObjectMissing
from client.profile.files import PRIVATE_FILE, PRIVATE_FOLDER, make_folders
from protocol.archive.layout import ObjectKind
from protocol.randomness import RandomBytes

_SUFFIX_BYTES: Final = 8
_LEFTOVER: Final = re.compile(rf"\.[0-9a-z-]+\.[0-9a-f]{{{2 * _SUFFIX_BYTES}}}\.new")
_FOLDERS: Final = ("", *(kind.name.lower() for kind in ObjectKind))
_OPEN_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_OPEN_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Draft:
    """A file that is being written, and the folder it lies in; both are open."""

    folder: int
    file: int
    draft_name: str
    name: str

    def write(self, data: bytes) -> None:
        """Write what comes next."""
        left = memoryview(data)
        while left:
            left = left[os.write(self.file, left) :]

    def publish(self) -> None:
        """Give the file its name, durably."""
        os.fsync(self.file)
        os.rename(self.draft_name, self.name, src_dir_fd=self.folder, dst_dir_fd=self.folder)
        _sync_folder(self.folder)

    def discard(self) -> None:
        """Remove the file if it has not got its name."""
        with suppress(OSError):
            os.unlink(self.draft_name, dir_fd=self.folder)

    def close(self) -> None:
        """Let go of file and folder."""
        os.close(self.file)
        os.close(self.folder)


class FolderFiles:
    """The files under ``root``; every method blocks and raises what a target raises."""

    def __init__(self, root: Path, where: str, random_bytes: RandomBytes) -> None:
        self._root, self._where, self._random_bytes = root, where, random_bytes
        self._identity: tuple[int, int] | None = None

    def prepare(self) -> None:
        """Make the root, and see that it can be written."""
        with told_about(self._where):
            make_folders(self._root)
        draft = self.begin("head")
        draft.discard()
        draft.close()

    def begin(self, path: str) -> Draft:
        """Begin a file that is to be published under ``path``."""
        folder_name, _, name = path.rpartition("/")
        with told_about(self._where), self._opened_root() as root, ExitStack() as undo:
            folder = self._made_folder(root, folder_name)
            undo.callback(os.close, folder)
            draft = self._created(folder, name)
            undo.pop_all()
            return draft

    def remove_leftovers(self) -> None:
        """Remove drafts whose writers are gone."""
        for folder_name in _FOLDERS:
            with told_about(self._where), self._opened_folder(folder_name) as folder:
                names = () if folder is None else os.listdir(folder)
                for name in filter(_LEFTOVER.fullmatch, names):
                    _remove_if_left(folder, name)

    def size(self, path: str) -> int | None:
        """Give a file's size, or None."""
        with told_about(self._where), self._opened_file(path) as file:
            return None if file is None else os.fstat(file).st_size

    def read(self, path: str, offset: int, length: int) -> bytes:
        """Give a part of a file."""
        with told_about(self._where), self._opened_file(path) as file:
            if file is None:
                raise ObjectMissing(self._where, path)
            return _read_all(file, offset, length)

    def delete(self, path: str) -> None:
        """Delete a file, durably."""
        folder_name, _, name = path.rpartition("/")
        with told_about(self._where), self._opened_folder(folder_name) as folder:
            if folder is None:
                return
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=folder)
                _sync_folder(folder)

    def listed(self) -> Generator[Listed, None, None]:
        """Give the regular files in the folders of a backup."""
        for folder_name in _FOLDERS:
            yield from self._replaced() if not folder_name else self._listed_in(folder_name)

    def _replaced(self) -> Iterator[Listed]:
        for path in sorted(REPLACED_PATHS):
            size = self.size(path)
            if size is not None:
                yield Listed(path, size)

    def _listed_in(self, folder_name: str) -> Iterator[Listed]:
        with told_about(self._where), self._opened_folder(folder_name) as folder:
            if folder is None:
                return
            with os.scandir(folder) as entries:
                for entry in entries:
                    with suppress(FileNotFoundError):
                        about = entry.stat(follow_symlinks=False)
                        if stat.S_ISREG(about.st_mode):
                            yield Listed(f"{folder_name}/{entry.name}", about.st_size)

    # --- descriptors ----------------------------------------------------------

    @contextmanager
    def _opened_root(self) -> Iterator[int]:
        try:
            root = os.open(self._root, _OPEN_FOLDER)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise folder_missing(self._where) from error
        try:
            self._require_same(root)
            yield root
        finally:
            os.close(root)

    def _require_same(self, root: int) -> None:
        """Stop when another folder appears under the path, as when a disk is pulled out."""
        about = os.fstat(root)
        identity = (about.st_dev, about.st_ino)
        if self._identity not in (None, identity):
            raise folder_exchanged(self._where)
        self._identity = identity

    @contextmanager
    def _opened_folder(self, name: str) -> Iterator[int | None]:
        """Open a folder of the backup; None if it is not there."""
        with self._opened_root() as root:
            try:
                folder = self._descend(root, name)
            except FileNotFoundError:
                yield None
                return
            try:
                yield folder
            finally:
                os.close(folder)

    @contextmanager
    def _opened_file(self, path: str) -> Iterator[int | None]:
        """Open a file of the backup; None if there is none."""
        folder_name, _, name = path.rpartition("/")
        with self._opened_folder(folder_name) as folder, ExitStack() as closing:
            file = None if folder is None else self._regular(folder, name)
            if file is not None:
                closing.callback(os.close, file)
            yield file

    def _regular(self, folder: int, name: str) -> int | None:
        try:
            file = os.open(name, _OPEN_FILE, dir_fd=folder)
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENXIO):
                raise in_the_way(self._where, name) from error
            raise
        if not stat.S_ISREG(os.fstat(file).st_mode):
            os.close(file)
            raise in_the_way(self._where, name)
        return file

    def _descend(self, root: int, name: str) -> int:
        if not name:
            return os.dup(root)
        try:
            return os.open(name, _OPEN_FOLDER | os.O_NOFOLLOW, dir_fd=root)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENOTDIR):
                raise in_the_way(self._where, name) from error
            raise

    def _made_folder(self, root: int, name: str) -> int:
        with suppress(FileNotFoundError):
            return self._descend(root, name)
        with suppress(FileExistsError):  # two may begin at once
            os.mkdir(name, PRIVATE_FOLDER, dir_fd=root)
        _sync_folder(root)
        return self._descend(root, name)

    def _created(self, folder: int, name: str) -> Draft:
        """Make a draft and lock it, before anybody takes it for a leftover."""
        while True:
            draft_name = f".{name}.{self._random_bytes(_SUFFIX_BYTES).hex()}.new"
            file = os.open(draft_name, _CREATE, PRIVATE_FILE, dir_fd=folder)
            with suppress(OSError):  # not every file system has locks; there, nobody tidies either
                fcntl.flock(file, fcntl.LOCK_EX)
            if os.fstat(file).st_nlink:
                return Draft(folder, file, draft_name, name)
            os.close(file)


def _remove_if_left(folder: int | None, name: str) -> None:
    with suppress(OSError):
        file = os.open(name, _OPEN_FILE, dir_fd=folder)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.unlink(name, dir_fd=folder)
        finally:
            os.close(file)


def _read_all(file: int, offset: int, length: int) -> bytes:
    """Read until ``length`` or the end: one call may give less, on a network's file system."""
    parts, wanted = [], length
    while wanted and (part := os.pread(file, wanted, offset)):
        parts.append(part)
        offset, wanted = offset + len(part), wanted - len(part)
    return b"".join(parts)


def _sync_folder(folder: int) -> None:
    try:
        os.fsync(folder)
    except OSError as error:
        # Some network file systems cannot sync a folder and say so; they do what they can.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
