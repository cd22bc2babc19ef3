"""Opening an archive: keyring, root, newest head, manifest.

    keyring ── slot secret ──▶ root ──▶ heads of storage and vaults ──▶ the newest ──▶ its manifest

What a person has to decide (an older backup than the vaults know of, two writers) is an error
here, and goes through with ``accept_older``.

Spec: docs/backup.md#reading
"""

from collections.abc import Mapping, Sequence

from client.backup.reading import errors
from client.backup.reading.archive import Noticed, OpenArchive
from client.backup.reading.fetching import read_whole
from client.backup.reading.heads import HeadSource, gather_heads
from client.backup.targets.interface import ObjectMissing, Target
from client.errors import UserError
from protocol.archive.keyring import KEYRING_BYTES, Keyring, open_keyring
from protocol.archive.keys import ArchiveRoot
from protocol.archive.layout import KEYRING_PATH, SlotKind
from protocol.archive.manifest import Manifest, open_manifest_untrusted
from protocol.archive.newest import Choice, newest_head
from protocol.archive.slot_secret import SlotSecret
from protocol.errors import (
    KeyringDamaged,
    KeyringReplaced,
    NoValidHead,
    PeerError,
    TwoWriters,
    UnsupportedVersion,
    WrongSlotSecret,
)


async def read_keyring(target: Target) -> Keyring:
    """Give the keyring that a storage shows: which slots there are, and what they need.

    Raises:
        BackupUnreadable: there is none, it is damaged, or of a newer program.
        TargetError: the storage failed.
    """
    try:
        stored = await read_whole(target, KEYRING_PATH, KEYRING_BYTES)
        return Keyring.decode_untrusted(stored)
    except ObjectMissing as error:
        raise errors.no_backup(target.where) from error
    except KeyringDamaged as error:
        raise errors.keyring_damaged(target.where, error.reason) from error
    except UnsupportedVersion as error:
        raise errors.too_new(target.where) from error


def unlock(keyring: Keyring, kind: SlotKind, secret: SlotSecret) -> ArchiveRoot:
    """Give the root that ``secret`` opens.

    Raises:
        WrongSecret: it opens no slot of this kind.
    """
    try:
        return open_keyring(keyring, kind, secret)
    except WrongSlotSecret as error:
        raise errors.wrong_secret(error) from error


async def open_archive(
    target: Target,
    keyring: Keyring,
    root: ArchiveRoot,
    sources: Sequence[HeadSource] = (),
    *,
    accept_older: bool = False,
) -> OpenArchive:
    """Find the newest backup under ``root``, and open its manifest.

    Args:
        keyring: that of the storage, which ``root`` came from.
        sources: of heads, beside the storage: the vaults.
        accept_older: go on with what the storage has, where it lacks the newest
            backup or has two writers' versions of it.

    Raises:
        OlderThanKnown: the newest backup is not in the storage.
        SeveralWriters: two devices write this backup.
        BackupUnreadable: no head is signed by this root, or what it names is damaged.
        TargetError: the storage failed.
    """
    where = target.where
    heads = await gather_heads(target, keyring.encode(), sources)
    choice = _choose(where, heads.stored, root, keyring)
    alarm: UserError | None = _two_writers(where, choice)
    if alarm is not None and not accept_older:
        raise alarm
    try:
        stored = await _manifest_of(target, choice)
    except errors.OlderThanKnown as error:
        if not accept_older or where not in choice.behind:
            raise
        alarm = error
        choice = _choose(where, {where: heads.stored[where]}, root, keyring)
        stored = await _manifest_of(target, choice)
    manifest = _open_manifest(where, stored, choice, root)
    _require_keyring(where, choice, keyring)
    noticed = Noticed(choice.behind, choice.refused, heads.silent, alarm)
    return OpenArchive(target, root, keyring, choice.head, choice.stored, manifest, noticed)


def _choose(where: str, stored: Mapping[str, bytes], root: ArchiveRoot, keyring: Keyring) -> Choice:
    try:
        return newest_head(stored, root, keyring.plan.archive_id)
    except NoValidHead as error:
        raise errors.no_head(where) from error


def _two_writers(where: str, choice: Choice) -> errors.SeveralWriters | None:
    try:
        choice.require_one_writer()
    except TwoWriters as error:
        return errors.SeveralWriters(where, error)
    return None


async def _manifest_of(target: Target, choice: Choice) -> bytes:
    head = choice.head
    try:
        return await read_whole(target, head.manifest_path, head.manifest_bytes)
    except ObjectMissing as error:
        alarm = choice.manifest_missing(target.where)
        raise errors.OlderThanKnown(target.where, alarm) from error


def _open_manifest(where: str, stored: bytes, choice: Choice, root: ArchiveRoot) -> Manifest:
    try:
        return open_manifest_untrusted(stored, choice.head, root)
    except UnsupportedVersion as error:
        raise errors.too_new(where) from error
    except PeerError as error:
        raise errors.manifest_unreadable(where, choice.head.made_at_ms) from error


def _require_keyring(where: str, choice: Choice, keyring: Keyring) -> None:
    try:
        choice.head.require_keyring(keyring)
    except KeyringReplaced as error:
        raise errors.keyring_replaced(where, error) from error
