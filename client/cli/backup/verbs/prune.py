"""``glasspost backup prune``: what no kept backup needs leaves the storage."""

import click

from client.cli.backup.room import opened_room
from client.cli.backup.saving import save
from client.cli.options import global_options
from client.cli.output import Output
from client.cli.running import asynchronous
from client.cli.settings import Settings
from protocol.limits import RETAINED_DAYS, RETAINED_MONTHS, RETAINED_WEEKS


@click.command(
    epilog="""\b
Examples:
  glasspost backup prune"""
)
@global_options(hidden=True)
@asynchronous
async def command(settings: Settings) -> None:
    """Save now, and delete what no kept backup needs.

    Each backup does that; here it is said what is kept. Objects wait for one more backup before
    they are deleted, so that whoever has just begun to restore finds everything.
    """
    output = Output(json=settings.json)
    async with opened_room(settings) as room:
        await save(room, output)
    output.line(
        f"Kept are the newest backup of each of the last {RETAINED_DAYS} days, {RETAINED_WEEKS}"
        f" weeks and {RETAINED_MONTHS} months that have one."
    )
