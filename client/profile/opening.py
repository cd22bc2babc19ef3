"""Opening an existing profile: find it, unlock its key, open its database.

Each thing that can be wrong with a folder is told apart, because each wants
another answer: no profile, a foreign folder, a lost key file, a lost database,
a wrong passphrase, damage.

Spec: docs/formats.md#the-folder
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from client.errors import LocalError
from client.profile.key_file import needs_passphrase, read_key_file, write_key_file
from client.profile.passphrase import Passphrase
from client.profile.paths import ProfileFolder, profile_folder
from client.store.connection import DatabaseKey
from client.store.database import Database, open_database
from client.values import Surroundings
from protocol.ids import Name
from protocol.randomness import RandomBytes


@dataclass(frozen=True, slots=True)
class OpenProfile:
    """A profile whose database is open."""

    name: Name
    folder: ProfileFolder
    database: Database


@asynccontextmanager
async def open_profile(
    home: Path, name: Name, passphrase: Passphrase | None, surroundings: Surroundings
) -> AsyncGenerator[OpenProfile, None]:
    """Open the profile ``name`` in ``home`` until the end of the block.

    Raises:
        WrongSecret: the passphrase is wrong, or missing.
        LocalError: there is no such profile, or something about it is wrong;
            the sentence says what.
    """
    folder = profile_folder(home, name)
    run = surroundings.run_blocking
    key = await run(lambda: unlock(folder, passphrase))
    async with open_database(folder.database, key, run) as database:
        yield OpenProfile(name, folder, database)


def unlock(folder: ProfileFolder, passphrase: Passphrase | None) -> DatabaseKey:
    """Give the key of the profile's database; blocks for the passphrase's 0.1 s.

    Raises:
        WrongSecret, LocalError: as for :func:`open_profile`.
    """
    _require_profile(folder)
    try:
        return read_key_file(folder.key_file, passphrase)
    except OSError as error:
        raise _unreadable(folder.key_file, error) from error


def wants_passphrase(folder: ProfileFolder) -> bool:
    """Tell whether to ask for a passphrase before opening; blocks.

    Raises:
        LocalError: there is no such profile, or its key file is damaged.
    """
    _require_profile(folder)
    try:
        return needs_passphrase(folder.key_file)
    except OSError as error:
        raise _unreadable(folder.key_file, error) from error


def change_passphrase(
    folder: ProfileFolder,
    old: Passphrase | None,
    new: Passphrase | None,
    random_bytes: RandomBytes,
) -> None:
    """Wrap the same database key anew; only profile.key is replaced, in one step; blocks.

    Raises:
        WrongSecret: ``old`` is wrong.
        LocalError: the profile is damaged, or the file cannot be written;
            then the old passphrase still holds.
    """
    key = unlock(folder, old)
    try:
        write_key_file(folder.key_file, key, new, random_bytes)
    except OSError as error:
        raise LocalError(
            "The passphrase was not changed: profile.key cannot be written.",
            why=f"The system says: {error.strerror}.",
            hint="Check the permissions and the free space. The old passphrase still holds.",
        ) from error


def _require_profile(folder: ProfileFolder) -> None:
    try:
        has_key, has_database = folder.key_file.is_file(), folder.database.is_file()
        if not has_key and not has_database:
            raise _no_profile(folder.path)
    except OSError as error:
        raise _unreadable(folder.path, error) from error
    if not has_key:
        raise _lost(folder.key_file, "the key, without which the database stays closed")
    if not has_database:
        raise _lost(folder.database, "the messages and keys of this profile")


def _no_profile(path: Path) -> LocalError:
    if not path.exists():
        return LocalError(
            f"There is no profile named {path.name} in {path.parent}.",
            hint=f"Make it with: glasspost register {path.name}",
        )
    return LocalError(
        f"{path} is not a Glasspost profile.",
        why="Neither profile.key nor profile.db is in it.",
        hint="Name another profile with --as, or another folder with --home.",
    )


def _lost(file: Path, meaning: str) -> LocalError:
    return LocalError(
        f"{file} is missing: it holds {meaning}.",
        hint="Put back a copy of the profile's folder, or restore a backup.",
    )


def _unreadable(path: Path, error: OSError) -> LocalError:
    return LocalError(
        f"{path} cannot be read.",
        why=f"The system says: {error.strerror}.",
        hint="Check who owns the profile's folder, and its permissions.",
    )
