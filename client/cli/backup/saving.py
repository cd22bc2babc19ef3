"""A backup from the command line: written, then the vaults told what they are owed."""

import time

from client.backup.writing.backup import back_up
from client.backup.writing.locking import alone
from client.backup.writing.writer import Outcome
from client.cli.backup.progress import progress_of
from client.cli.backup.room import Room, interruptible
from client.cli.output import Output
from client.cli.sizes import size_words
from client.cli.tables import count_of
from client.text import clean_line, join_words
from protocol.recovery.record import Vault

_MOST_NAMED = 5


async def save(room: Room, output: Output) -> Outcome:
    """Write a backup, and tell what it came to.

    Raises:
        UserError: as :func:`client.backup.writing.backup.back_up`; the next one goes on.
    """
    began_s = time.monotonic()
    async with interruptible():
        with progress_of("Saving", output) as meter:
            outcome = await back_up(room.writer(meter.report))
        untold = await told_vaults(room)
    tell(outcome, untold, room, output, time.monotonic() - began_s)
    return outcome


async def told_vaults(room: Room) -> tuple[Vault, ...]:
    """Do what is due at the vaults; give those that could not be told."""
    with alone(room.profile.folder):
        return await room.changer.run_errands()


def tell(
    outcome: Outcome, untold: tuple[Vault, ...], room: Room, output: Output, passed_s: float
) -> None:
    """Say what a backup came to, and what is still owed."""
    owed = sorted({*outcome.owed, *(vault.name for vault in untold)})
    output.record(
        {
            "epoch": outcome.epoch,
            "made_at_ms": outcome.made_at_ms,
            "target": room.held.target,
            "objects": outcome.put_objects,
            "bytes": outcome.put_bytes,
            "deleted": outcome.deleted,
            "written_again": [*outcome.lost],
            "missing_files": [*outcome.missing_media],
            "vaults_owed": [*owed],
        }
    )
    output.line(
        f"Backup {outcome.epoch} lies in {clean_line(room.held.target)}:"
        f" {count_of(outcome.put_objects, 'object')}, {size_words(outcome.put_bytes)},"
        f" {passed_s:.1f} s."
    )
    if outcome.deleted:
        output.line(f"Deleted there: {count_of(outcome.deleted, 'object')} that nobody needs.")
    if outcome.lost:
        count = count_of(len(outcome.lost), "object")
        output.note(f"The storage had lost {count}: written anew.")
    if outcome.missing_media:
        shown = join_words([clean_line(label) for label in outcome.missing_media[:_MOST_NAMED]])
        output.note(f"Files that are not on this device any more, and not in the backup: {shown}.")
    if owed:
        output.note(f"Not told yet: {join_words(owed)}. The next backup tells them.")
