"""``glasspost backup verify``: is all of it there, and would it restore?"""

import click
from rich.text import Text

from client.backup.reading.archive import OpenArchive
from client.backup.reading.dates import minute
from client.backup.reading.drilling import Drill, drill
from client.backup.reading.findings import BackupDamaged, Finding
from client.backup.reading.opening import open_archive, read_keyring
from client.backup.reading.verifying import verify
from client.backup.secrets.heads import vault_heads
from client.backup.secrets.keyrings import password_record
from client.cli.backup.flags import opening_options
from client.cli.backup.noticed import tell_noticed
from client.cli.backup.progress import progress_of
from client.cli.backup.room import Room, interruptible, opened_room
from client.cli.backup.unlocking import SecretFiles, Unlocker
from client.cli.opening import REAL_SURROUNDINGS
from client.cli.options import global_options
from client.cli.output import Json, Output
from client.cli.running import asynchronous
from client.cli.settings import Settings
from client.cli.tables import count_of
from client.network.vaults import open_vault
from protocol.archive.keyring import Keyring
from protocol.archive.keys import ArchiveRoot


@click.command(
    epilog="""\b
Examples:
  glasspost backup verify
  glasspost backup verify --drill         asks for the digits or the password
  glasspost backup verify --drill --digits-file digits"""
)
@click.option("--drill", "drilled", is_flag=True, help="Open a slot and restore to nowhere.")
@opening_options
@global_options(hidden=True)
@asynchronous
async def command(
    settings: Settings, drilled: bool, digits_file: str | None, password_file: str | None
) -> None:
    """Check every object in the storage against the signed list.

    With --drill the backup is opened as a new device would open it, and everything in it is
    decoded and counted. Nothing is written, there or here.
    """
    output = Output(json=settings.json)
    drilled = drilled or digits_file is not None or password_file is not None
    async with opened_room(settings) as room:
        async with interruptible():
            keyring = await read_keyring(room.target)
        root = room.held.root
        if drilled:
            files = SecretFiles(digits_file, password_file)
            unlocker = Unlocker(files, output, open_vault, REAL_SURROUNDINGS)
            root = await unlocker.unlock(keyring)
        async with interruptible():
            found = await _examined(room, keyring, root, output, drilled=drilled)
    if found:
        raise BackupDamaged(room.held.target, found)
    output.line("Nothing is wrong with it.")


async def _examined(
    room: Room, keyring: Keyring, root: ArchiveRoot, output: Output, *, drilled: bool
) -> tuple[Finding, ...]:
    sources = vault_heads(password_record(keyring.plan), root, open_vault)
    archive = await open_archive(room.target, keyring, root, sources)
    tell_noticed(archive.noticed, output)
    run = REAL_SURROUNDINGS.run_blocking
    with progress_of("Verifying", output) as meter:
        found = await verify(archive, run, meter.report)
    done: Drill | None = None
    if drilled:
        with progress_of("Restoring to nowhere", output) as meter:
            done = await drill(archive, run, meter.report)
        found = _distinct((*found, *done.findings))
    output.record(_record(archive, found, done))
    output.line(_lines(archive, done))
    return found


def _record(
    archive: OpenArchive, found: tuple[Finding, ...], done: Drill | None
) -> dict[str, Json]:
    fields: dict[str, Json] = {
        "epoch": archive.head.epoch,
        "made_at_ms": archive.head.made_at_ms,
        "findings": [
            {
                "path": each.path,
                "fault": each.fault.name.lower(),
                "conversation": each.conversation,
                "messages": each.messages,
                "first_ms": each.first_ms,
                "last_ms": each.last_ms,
            }
            for each in found
        ],
    }
    if done is not None:
        fields["drill"] = {
            "messages": sum(done.messages.values()),
            "conversations": len(done.messages),
            "contacts": done.contacts,
            "files": done.files,
            "account_key": done.account_key,
        }
    return fields


def _lines(archive: OpenArchive, done: Drill | None) -> Text:
    head = archive.head
    text = Text(f"Backup {head.epoch} of {minute(head.made_at_ms)} was examined.")
    if done is not None:
        messages = count_of(sum(done.messages.values()), "message")
        text.append(
            f"\nA restore would give {messages} in {count_of(len(done.messages), 'chat')},"
            f" {count_of(done.contacts, 'contact')} and {count_of(done.files, 'file')};"
            f" the name {'can' if done.account_key else 'cannot'} be taken over with it."
        )
    return text


def _distinct(found: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Give each object's finding once: verification and drill read the same ones."""
    return tuple({each.path: each for each in reversed(found)}.values())
