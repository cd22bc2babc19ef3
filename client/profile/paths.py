"""Where profiles lie, and which there are.

    HOME/               --home, else GLASSPOST_HOME, else the user's data directory
      alice/            a profile: its name is the account's name
        profile.key     the database key
        profile.db      the encrypted database (and -wal, -shm while it is open)
        receiver.lock   locked by the one process that receives
        listen.lock     locked by a `listen` while it prints
        backup.lock     locked by the one process that writes a backup
        media/          files of messages, encrypted, under random names
      .takeover.lock    locked while a name is taken over

Spec: docs/formats.md#the-folder
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from client.errors import LocalError
from protocol.errors import InvalidName
from protocol.ids import Name, parse_name

HOME_VARIABLE = "GLASSPOST_HOME"
TEMPORARY_PREFIX = "."
"""No name begins with a dot: what is half-made, or half-deleted, is no profile."""


@dataclass(frozen=True, slots=True)
class ProfileFolder:
    """The folder of one profile, and the files in it. Nothing says that they exist."""

    path: Path

    @property
    def key_file(self) -> Path:
        """The file with the database key."""
        return self.path / "profile.key"

    @property
    def database(self) -> Path:
        """The encrypted database."""
        return self.path / "profile.db"

    @property
    def receiver_lock(self) -> Path:
        """Locked by the one process that subscribes and acknowledges."""
        return self.path / "receiver.lock"

    @property
    def listen_lock(self) -> Path:
        """Locked by a ``listen`` from reading new messages to marking them as printed."""
        return self.path / "listen.lock"

    @property
    def backup_lock(self) -> Path:
        """Locked by a process that writes this profile's backup."""
        return self.path / "backup.lock"

    @property
    def media(self) -> Path:
        """The folder of the files of messages."""
        return self.path / "media"


@dataclass(frozen=True, slots=True)
class HomeListing:
    """What lies in a home: profiles, and names that are not ours."""

    profiles: tuple[Name, ...]
    foreign: tuple[str, ...]


def home_folder(option: Path | None, environment: Mapping[str, str]) -> Path:
    """Give the folder of profiles: the option, the environment, or the user's data directory."""
    if option is not None:
        return option
    if variable := environment.get(HOME_VARIABLE):
        return Path(variable)
    return Path(platformdirs.user_data_dir("glasspost", appauthor=False))


def profile_folder(home: Path, name: Name) -> ProfileFolder:
    """Give the folder of the profile ``name``, whether it exists or not."""
    return ProfileFolder(home / name)


def takeover_lock(home: Path) -> Path:
    """Give the file that is locked while a name is taken over into ``home``."""
    return home / f"{TEMPORARY_PREFIX}takeover.lock"


def list_home(home: Path) -> HomeListing:
    """Tell profiles from what else lies in ``home``; a home that does not exist is empty.

    Raises:
        LocalError: ``home`` is not a folder, or may not be read.
    """
    try:
        entries = sorted(home.iterdir())
    except FileNotFoundError:
        return HomeListing((), ())
    except NotADirectoryError as error:
        raise LocalError(
            f"{home} is a file, not a folder of profiles.",
            hint="Name a folder with --home or GLASSPOST_HOME.",
        ) from error
    except PermissionError as error:
        raise LocalError(
            f"The folder of profiles {home} may not be read.",
            hint="Check who owns it, or name another with --home.",
        ) from error
    visible = [entry for entry in entries if not entry.name.startswith(TEMPORARY_PREFIX)]
    profiles = tuple(Name(entry.name) for entry in visible if is_profile(entry))
    return HomeListing(profiles, tuple(each.name for each in visible if each.name not in profiles))


def is_profile(path: Path) -> bool:
    """Tell whether ``path`` is named and furnished like a profile; it may still be damaged."""
    try:
        parse_name(path.name)
    except InvalidName:
        return False
    folder = ProfileFolder(path)
    return folder.key_file.is_file() or folder.database.is_file()
