"""``glasspost backup create``: what is new goes into the backup."""

import click

from client.cli.backup.room import opened_room
from client.cli.backup.saving import save
from client.cli.options import global_options
from client.cli.output import Output
from client.cli.running import asynchronous
from client.cli.settings import Settings


@click.command(
    epilog="""\b
Examples:
  glasspost backup create
  glasspost --json --passphrase-file pass backup create      from cron"""
)
@global_options(hidden=True)
@asynchronous
async def command(settings: Settings) -> None:
    """Save what is new since the last backup.

    Stopped anywhere, the backup before it still restores, and the next run goes on.
    """
    async with opened_room(settings) as room:
        await save(room, Output(json=settings.json))
