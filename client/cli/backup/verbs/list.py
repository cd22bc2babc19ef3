"""``glasspost backup list``: the backups that are kept."""

from dataclasses import dataclass

import click
from rich.text import Text

from client.backup.reading.dates import day, minute
from client.cli.backup.room import held_archive
from client.cli.lines import width_of
from client.cli.opening import opened_profile
from client.cli.options import global_options
from client.cli.output import Json, Output
from client.cli.running import asynchronous
from client.cli.settings import Settings
from client.cli.sizes import size_words
from client.cli.tables import columns, count_of
from client.store import archive_objects
from client.store.archive_objects import Backup
from client.store.transaction import Transaction
from protocol.archive.entry import Entry
from protocol.archive.layout import ObjectKind
from protocol.archive.sealing import sealed_size


@dataclass(frozen=True, slots=True)
class Kept:
    """A backup that is kept, and the entries of what is in it."""

    backup: Backup
    entries: list[Entry]

    @property
    def segments(self) -> list[Entry]:
        """Its segments of messages."""
        return [entry for entry in self.entries if entry.kind == ObjectKind.SEGMENT]

    @property
    def stored_bytes(self) -> int:
        """What its objects take in the storage; backups share most of it."""
        return sum(sealed_size(entry.content_bytes) for entry in self.entries)


@click.command(
    epilog="""\b
Examples:
  glasspost backup list
  glasspost --json backup list | jq .made_at_ms"""
)
@global_options(hidden=True)
@asynchronous
async def command(settings: Settings) -> None:
    """List the backups that are kept, oldest first, and what is in each.

    The newest ones of the last days, weeks and months stay. Nobody is asked: this profile knows.
    """
    output = Output(json=settings.json)
    async with opened_profile(settings) as profile:
        await held_archive(profile)
        kept = await profile.database.read(kept_backups)
    for each in kept:
        output.record(_record(each))
    if not kept:
        output.line("Nothing was saved yet: glasspost backup create")
        return
    output.line(columns(map(_row, kept), width_of(output.console)))


def kept_backups(tx: Transaction) -> list[Kept]:
    """Give the backups that are kept, oldest first."""
    return [
        Kept(backup, archive_objects.named_by(tx, backup.epoch))
        for backup in archive_objects.backups_of(tx)
    ]


def _row(kept: Kept) -> tuple[Text | str, ...]:
    chats = len({entry.conversation for entry in kept.segments})
    lines = sum(entry.messages for entry in kept.segments)
    files = sum(entry.kind == ObjectKind.MEDIA for entry in kept.entries)
    dates = [date for entry in kept.segments for date in (entry.first_ms, entry.last_ms) if date]
    span = f"{day(min(dates))} to {day(max(dates))}" if dates else ""
    return (
        str(kept.backup.epoch),
        minute(kept.backup.made_at_ms),
        size_words(kept.stored_bytes),
        f"{count_of(lines, 'line')} in {count_of(chats, 'chat')}, {count_of(files, 'file')}",
        span,
    )


def _record(kept: Kept) -> dict[str, Json]:
    chats: dict[str, Json] = {}
    for entry in kept.segments:
        before = chats.get(entry.conversation, 0)
        chats[entry.conversation] = entry.messages + (before if isinstance(before, int) else 0)
    return {
        "epoch": kept.backup.epoch,
        "made_at_ms": kept.backup.made_at_ms,
        "bytes": kept.stored_bytes,
        "lines": sum(entry.messages for entry in kept.segments),
        "chats": chats,
        "files": sum(entry.kind == ObjectKind.MEDIA for entry in kept.entries),
    }
