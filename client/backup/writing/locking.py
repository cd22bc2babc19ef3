"""One process at a time writes a profile's backup, or changes what opens it."""

from client.backup.writing.errors import under_way
from client.profile.lock import FileLock, try_lock
from client.profile.paths import ProfileFolder


def alone(folder: ProfileFolder) -> FileLock:
    """Take the lock of a profile's backup; leave the ``with`` block to give it back.

    Raises:
        LocalError: a backup, or a change, is under way.
    """
    lock = try_lock(folder.backup_lock)
    if lock is None:
        raise under_way()
    return lock
