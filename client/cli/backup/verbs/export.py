"""``glasspost backup export``: the whole backup in one file."""

from pathlib import Path

import click

from client.backup.exporting import export
from client.backup.writing.locking import alone
from client.cli.backup.progress import progress_of
from client.cli.backup.room import interruptible, opened_room
from client.cli.opening import REAL_SURROUNDINGS
from client.cli.options import global_options
from client.cli.output import Output
from client.cli.running import asynchronous
from client.cli.settings import Settings
from client.cli.sizes import size_words
from client.errors import LocalError
from client.store import archive_objects
from client.text import clean_line
from protocol.archive.layout import HEAD_PATH, KEYRING_PATH


@click.command(
    epilog="""\b
Examples:
  glasspost backup export /mnt/stick/alice.tar
  glasspost --as alice restore --from alice.tar        on the new device"""
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@global_options(hidden=True)
@asynchronous
async def command(settings: Settings, file: Path) -> None:
    """Copy the backup as it is into one uncompressed tar, FILE.

    It opens by the same digits and password, and can be restored from directly.
    """
    output = Output(json=settings.json)
    async with opened_room(settings) as room, interruptible():
        if room.held.head is None:
            raise LocalError("Nothing was saved yet.", hint="Save first: glasspost backup create")
        with alone(room.profile.folder), progress_of("Exporting", output) as meter:
            needed = await room.profile.database.read(archive_objects.paths)
            paths = [KEYRING_PATH, HEAD_PATH, *sorted(needed)]
            run = REAL_SURROUNDINGS.run_blocking
            size = await export(room.target, paths, file, run, meter.report)
    output.record({"file": str(file), "bytes": size, "objects": len(paths)})
    output.line(f"{clean_line(str(file))} holds the backup: {size_words(size)}.")
