"""``glasspost backup passwd``: another password, or other vaults."""

import click

from client.backup.secrets.failures import NoSuchSlot
from client.backup.secrets.keyrings import Slots, kinds_of
from client.cli.backup.changing import apply, password_for
from client.cli.backup.flags import password_options
from client.cli.backup.new_secrets import Wishes
from client.cli.backup.room import opened_room
from client.cli.options import global_options
from client.cli.output import Output
from client.cli.running import asynchronous
from client.cli.settings import Settings


@click.command(
    epilog="""\b
Examples:
  glasspost backup passwd
  glasspost backup passwd --vault north=vault.example:7700#6181... --vault ..."""
)
@password_options
@global_options(hidden=True)
@asynchronous
async def command(
    settings: Settings, password_file: str | None, vaults: tuple[str, ...], threshold: int | None
) -> None:
    """Change the password of the backup, and its vaults if others are named.

    The old password opens nothing that is saved afterwards. A copy of the storage that somebody
    took before still opens by it, and shows what the backup held then.
    """
    wishes = Wishes(password_file=password_file, vaults=vaults, threshold=threshold)
    output = Output(json=settings.json)
    async with opened_room(settings) as room:
        kinds = kinds_of(room.plan)
        if "password" not in kinds:
            raise NoSuchSlot("password", kinds)
        password = await password_for(room, wishes)
        await apply(room, Slots(keeps_digits=True, password=password), output)
