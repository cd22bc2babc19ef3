"""What can be wrong with a whole backup: what happened, why, what to do next.

Spec: docs/backup.md#errors-of-reading
"""

from client.backup.reading.dates import minute
from client.errors import ExitCode, LocalError, TrustOpen, UserError, WrongSecret
from protocol.errors import KeyringReplaced, ManifestMissing, TwoWriters, WrongSlotSecret


class BackupUnreadable(LocalError):
    """A backup, or one part of it that everything hangs on, cannot be read."""


class OlderThanKnown(UserError):
    """The storage lost the newest backup, or was set back: a person decides.

    Args:
        made_at_ms: of the backup that is missing.
        available_at_ms: of the one that the storage shows; None if it shows none.
    """

    exit_code = ExitCode.TRUST

    def __init__(self, where: str, alarm: ManifestMissing) -> None:
        self.made_at_ms, self.available_at_ms = alarm.made_at_ms, alarm.available_at_ms
        older = alarm.available_at_ms
        super().__init__(
            f"{where} lacks the newest backup, made {minute(alarm.made_at_ms)}.",
            why="It lost that backup, or was set back to an older state."
            if older is None
            else f"It shows an older one, made {minute(older)}: it lost the newest, or was set"
            " back.",
            hint="Look for the newest backup in another copy of this storage."
            if older is None
            else "Look for the newest one in another copy of this storage, or take the older one"
            " with --accept-older.",
        )


class SeveralWriters(TrustOpen):
    """Two devices write one backup: neither of its versions has what the other has."""

    def __init__(self, where: str, error: TwoWriters) -> None:
        self.epoch = error.epoch
        super().__init__(
            f"Two devices write the backup in {where}: there are two versions of its number"
            f" {error.epoch}.",
            why="A profile was copied, or an old device still makes backups.",
            hint="Stop the other device's backups. To read the newest version anyway, use"
            " --accept-older.",
        )


def wrong_secret(error: WrongSlotSecret) -> WrongSecret:
    """Say that an undamaged keyring did not open."""
    return WrongSecret(
        f"The {error.slot_kind} did not open this backup.",
        why="It is wrong, was replaced since, or belongs to another backup.",
        hint="Compare it with what you wrote down, or open the backup in another way.",
    )


def no_backup(where: str) -> BackupUnreadable:
    """Say that there is nothing to open."""
    return BackupUnreadable(
        f"There is no backup in {where}.",
        why="It has no file 'keyring'.",
        hint="Compare the place with your printed page, or look for it one folder above or below.",
    )


def keyring_damaged(where: str, reason: str) -> BackupUnreadable:
    """Say that no secret can be tried."""
    return BackupUnreadable(
        f"The keyring of the backup in {where} is damaged.",
        why=f"No secret opens it as it is: {reason}.",
        hint="Put back another copy of the file 'keyring', or restore from another copy.",
    )


def keyring_replaced(where: str, error: KeyringReplaced) -> BackupUnreadable:
    """Say that the keyring is not the one that the newest head names."""
    return BackupUnreadable(
        f"The keyring in {where} is not the one of the newest backup.",
        why=f"It has number {error.generation}, the newest backup was made with number"
        f" {error.head_generation}: it was set back, or replaced.",
        hint="Restore from another copy, or try again if a password was being changed just now.",
    )


def no_head(where: str) -> BackupUnreadable:
    """Say that nothing in the storage or at the vaults is signed by this backup's key."""
    return BackupUnreadable(
        f"There is no readable backup in {where}.",
        why="Neither it nor a vault has a head that this backup's key signed.",
        hint="If the password or the digits were replaced, use the new ones; else look for"
        " another copy of the storage.",
    )


def manifest_unreadable(where: str, made_at_ms: int) -> BackupUnreadable:
    """Say that the list of a backup's objects is not what was signed."""
    return BackupUnreadable(
        f"The list of what the backup of {minute(made_at_ms)} holds is damaged in {where}.",
        why="It is not the one whose hash was signed.",
        hint="Restore from another copy of this storage, or from an earlier backup in it:"
        " glasspost backup list",
    )


def too_new(where: str) -> BackupUnreadable:
    """Say that a newer program wrote it."""
    return BackupUnreadable(
        f"The backup in {where} was made by a newer version of Glasspost.",
        hint="Update this program.",
    )


def misbehaves(where: str, path: str, why: str) -> BackupUnreadable:
    """Say that a storage gives what was not asked for."""
    return BackupUnreadable(
        f"{where} does not behave as a storage should, at {path}.",
        why=why,
        hint="Copy the backup to a folder of this machine and use that.",
    )
