"""Where a new profile is made, and what opens it."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from client.errors import LocalError
from client.profile.creating import Founding, create_profile, make_home
from client.profile.lock import FileLock, try_lock
from client.profile.opening import OpenProfile, open_profile
from client.profile.passphrase import Passphrase
from client.profile.paths import ProfileFolder, is_profile, profile_folder, takeover_lock
from client.values import Surroundings
from protocol.ids import Name


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of profiles, and the passphrase of the one that is meant (None: without)."""

    home: Path
    passphrase: Passphrase | None
    surroundings: Surroundings

    def folder(self, name: Name) -> ProfileFolder:
        """Give the folder of a profile, whether it exists or not."""
        return profile_folder(self.home, name)

    def has(self, name: Name) -> bool:
        """Tell whether the profile exists."""
        return is_profile(self.folder(name).path)

    async def lock_takeovers(self) -> FileLock:
        """Keep every other process from taking over a name here, until the lock is released.

        Raises:
            LocalError: one is at it, or the folder cannot be made.
        """
        await self.surroundings.run_blocking(lambda: make_home(self.home))
        # Not in the runner: a lock taken there for somebody who has gone would stay.
        lock = try_lock(takeover_lock(self.home))
        if lock is None:
            raise LocalError(
                "Another takeover is at work in this folder of profiles.",
                hint="Let it come to its end, and run the same command again.",
            )
        return lock

    def opened(self, name: Name) -> AbstractAsyncContextManager[OpenProfile]:
        """Open an existing profile; see :func:`client.profile.opening.open_profile`."""
        return open_profile(self.home, name, self.passphrase, self.surroundings)

    async def make(self, name: Name, founding: Founding | None = None) -> None:
        """Make a profile; see :func:`client.profile.creating.create_profile`."""
        random_bytes = self.surroundings.random_bytes
        await self.surroundings.run_blocking(
            lambda: create_profile(self.home, name, self.passphrase, random_bytes, founding)
        )
