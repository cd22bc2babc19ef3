"""A new profile, whole or not at all.

    .alice.3f9c.../   key file, then database with the account, synced       a crash here leaves a
        └ rename ──▶  alice/                                                 name nobody reads; it
                                                                             goes with the next one

The account is new and not yet registered: the relay is asked after the profile
is safe on disk, so that a broken connection never leaves an account whose keys
are lost. A refused one is discarded again.

Spec: docs/formats.md#the-folder
"""

import fcntl
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from client.errors import LocalError
from client.profile.files import PRIVATE_FOLDER, make_folders, sync_folder
from client.profile.key_file import write_key_file
from client.profile.passphrase import Passphrase
from client.profile.paths import TEMPORARY_PREFIX, ProfileFolder, profile_folder
from client.store import account, profile_keys
from client.store.connection import DatabaseKey, create_database
from client.store.transaction import Transaction, run_transaction
from protocol.e2ee.identity import IdentityKeyPair, LocalDevice
from protocol.e2ee.profile_key import ProfileKey
from protocol.ids import DeviceAddress, Name
from protocol.randomness import RandomBytes
from protocol.signing import SigningKey

_KEY_BYTES = 32
_SUFFIX_BYTES = 8

Founding = Callable[[Transaction], None]
"""Writes the account and its profile key into the empty database."""

_LEFTOVER = re.compile(rf"\.[a-z0-9._-]+\.[0-9a-f]{{{2 * _SUFFIX_BYTES}}}")


def create_profile(
    home: Path,
    name: Name,
    passphrase: Passphrase | None,
    random_bytes: RandomBytes,
    founding: Founding | None = None,
) -> ProfileFolder:
    """Make the profile ``name``, by default with a new identity and account key; blocks.

    Args:
        home: the folder of profiles; made if it is not there.
        passphrase: None for a bare database key.
        random_bytes: gives all keys.
        founding: what else to write instead, see :func:`found_account`: it is there when the
            profile is.

    Raises:
        LocalError: something of this name is there already, or the disk is
            full or may not be written; then nothing has changed.
    """
    final = profile_folder(home, name)
    with _told_about(final.path):
        make_folders(home)
        with _alone_in(home):
            _require_free(final)
            _remove_leftovers(home)
            draft = ProfileFolder(_temporary(final, random_bytes))
            try:
                _furnish(draft, passphrase, random_bytes, founding or _newcomer(name, random_bytes))
                draft.path.rename(final.path)
            except BaseException:
                shutil.rmtree(draft.path, ignore_errors=True)
                raise
            sync_folder(home)
    return final


def make_home(home: Path) -> None:
    """Make the folder of profiles if it is not there; blocks.

    Raises:
        LocalError: it cannot be made.
    """
    with _told_about(home):
        make_folders(home)


def discard_profile(folder: ProfileFolder, random_bytes: RandomBytes) -> None:
    """Remove a profile that the relay refused to register; blocks.

    It leaves its name in one step, so that nobody sees half of it; what a crash
    leaves under the other name goes when the next profile is made.

    Raises:
        LocalError: the folder may not be changed.
    """
    path = folder.path
    with _told_about(path), _alone_in(path.parent):
        doomed = path.rename(_temporary(folder, random_bytes))
        sync_folder(path.parent)
        shutil.rmtree(doomed)


def _temporary(folder: ProfileFolder, random_bytes: RandomBytes) -> Path:
    """Give a name beside ``folder`` that nobody has and nobody reads."""
    name = f"{TEMPORARY_PREFIX}{folder.path.name}.{random_bytes(_SUFFIX_BYTES).hex()}"
    return folder.path.with_name(name)


@contextmanager
def _alone_in(home: Path) -> Iterator[None]:
    """Keep other processes from making or discarding profiles in ``home`` meanwhile.

    So whatever else bears a temporary name was left by a crash.
    """
    descriptor = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _remove_leftovers(home: Path) -> None:
    for path in home.iterdir():
        if _LEFTOVER.fullmatch(path.name) and path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)


def found_account(
    tx: Transaction, name: Name, account_key: SigningKey, random_bytes: RandomBytes
) -> None:
    """Write an account with a new identity and profile key into an empty database."""
    device = LocalDevice(DeviceAddress(name), IdentityKeyPair.generate(random_bytes))
    account.create(tx, device, account_key)
    profile_keys.create(tx, ProfileKey.generate(random_bytes))


def _newcomer(name: Name, random_bytes: RandomBytes) -> Founding:
    account_key = SigningKey.generate(random_bytes)
    return lambda tx: found_account(tx, name, account_key, random_bytes)


def _furnish(
    draft: ProfileFolder,
    passphrase: Passphrase | None,
    random_bytes: RandomBytes,
    founding: Founding,
) -> None:
    draft.path.mkdir(mode=PRIVATE_FOLDER)
    key = DatabaseKey(random_bytes(_KEY_BYTES))
    write_key_file(draft.key_file, key, passphrase, random_bytes)
    connection = create_database(draft.database, key)
    try:
        run_transaction(connection, founding)
    finally:
        # The last one to close moves the log into the file and removes it.
        connection.close()
    sync_folder(draft.path)


def _require_free(folder: ProfileFolder) -> None:
    if folder.key_file.exists() or folder.database.exists():
        raise LocalError(
            f"There is a profile named {folder.path.name} already.",
            hint="Use it with --as, or take another name.",
        )
    if folder.path.exists():
        raise LocalError(
            f"{folder.path} exists, and is not a Glasspost profile.",
            hint="Move it away, or name another folder of profiles with --home.",
        )


@contextmanager
def _told_about(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LocalError(
            f"The profile folder {path} cannot be made or changed.",
            why=f"The system says: {error.strerror}.",
            hint="Check the permissions and the free space, or name another folder with --home.",
        ) from error
