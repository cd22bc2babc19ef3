"""The lock of a profile's backup, for a change of what opens it."""

from client.backup.writing.errors import under_way
from client.profile.lock import FileLock, try_lock
from client.profile.opening import OpenProfile


def locked(profile: OpenProfile) -> FileLock:
    """Take the lock that a backup takes, too.

    Raises:
        LocalError: a backup, or another change, is under way.
    """
    lock = try_lock(profile.folder.backup_lock)
    if lock is None:
        raise under_way()
    return lock
