"""The beginning of a restore: into what, from where on, and whose the backup is from then on.

Spec: docs/backup.md#reading
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from client.backup.reading.archive import OpenArchive
from client.backup.reading.wishes import Wishes
from client.errors import LocalError
from client.store import account, adopting, archive_changes, restoring, settings
from client.store import archive as archives
from client.store.adopting import Retained
from client.store.archive import Archive
from client.store.restoring import Restoring
from client.store.transaction import Transaction
from protocol.archive.entry import Entry
from protocol.archive.layout import ObjectKind
from protocol.archive.state import State
from protocol.ids import Name


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where a run of a restore begins.

    Args:
        own: our name.
        fresh: lines go to their positions.
        done: paths of what is in already.
        media: the backup's objects of media, by name.
    """

    own: Name
    fresh: bool
    done: frozenset[str]
    media: Mapping[bytes, Entry]


def begin(
    tx: Transaction,
    archive: OpenArchive,
    wishes: Wishes,
    backups: Sequence[Retained],
    state: State | None,
) -> Beginning:
    """Begin a restore, or go on with one that was stopped.

    Args:
        backups: all that are retained, oldest first.
        state: of the backup; None if it does not read.

    Raises:
        LocalError: it is another account's backup, or a restore of another one is under way.
    """
    own = account.get(tx).name
    if state is not None and state.name != own:
        raise _another_account(archive.target.where, state.name, own)
    under_way = restoring.find(tx)
    if under_way is None:
        under_way = _first_run(tx, archive)
    elif under_way.archive_id != archive.head.archive_id:
        raise _another_restore()
    elif under_way.manifest_hash != archive.head.manifest_hash:
        _start_over(tx, archive, under_way)
    if under_way.fresh and wishes.storage is not None and wishes.selection.is_all:
        _take_over(tx, archive, wishes, backups)
    media = {entry.name: entry for entry in archive.of_kind(ObjectKind.MEDIA)}
    return Beginning(own, under_way.fresh, restoring.noted(tx), media)


def _first_run(tx: Transaction, archive: OpenArchive) -> Restoring:
    head = archive.head
    begun = restoring.begin(tx, head.archive_id, head.manifest_hash, _last_position(archive))
    if begun.fresh:
        # Even if the backup's settings do not read: this device counts in a run of its own.
        settings.restore(tx, {}, new_device=True)
    return begun


def _start_over(tx: Transaction, archive: OpenArchive, under_way: Restoring) -> None:
    own = archives.find(tx)
    if under_way.fresh and own is not None and own.archive_id == under_way.archive_id:
        archives.forget(tx)
    restoring.start_over(tx, archive.head.manifest_hash, _last_position(archive))


def _take_over(
    tx: Transaction, archive: OpenArchive, wishes: Wishes, backups: Sequence[Retained]
) -> None:
    """Let the next backup continue this one, unless there is another, or doubt about this."""
    if archives.find(tx) is not None or archive.noticed.alarm or wishes.storage is None:
        return
    own = Archive(
        archive_id=archive.head.archive_id,
        root=archive.root,
        target=wishes.storage.target,
        target_secret=wishes.storage.secret,
        keyring=archive.keyring.encode(),
        keyring_stored=True,
        head=archive.stored_head,
        epoch=archive.head.epoch,
        made_at_ms=archive.head.made_at_ms,
    )
    adopting.adopt(tx, own, backups)
    # Lines of an earlier, partial restore may have changed here before changes were noted.
    for peer, last in adopting.last_lines(archive.manifest).items():
        archive_changes.write_again(tx, peer, 1, last)


def _last_position(archive: OpenArchive) -> int:
    return max((each.last_position for each in archive.of_kind(ObjectKind.SEGMENT)), default=0)


def _another_account(where: str, theirs: Name, own: Name) -> LocalError:
    return LocalError(
        f"The backup in {where} is that of {theirs}, and this profile is {own}.",
        hint=f"Restore it as its owner: --as {theirs}",
    )


def _another_restore() -> LocalError:
    return LocalError(
        "Another backup is being restored into this profile.",
        hint="End that first: call the same 'glasspost restore' again.",
    )
