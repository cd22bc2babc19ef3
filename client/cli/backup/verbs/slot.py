"""``glasspost backup slot``: add or remove what opens the backup."""

from pathlib import Path

import click

from client.backup.secrets.failures import NoSuchSlot
from client.backup.secrets.keyrings import Slots, kinds_of
from client.cli.backup.changing import apply, owner_of, password_for
from client.cli.backup.flags import digits_options, password_options
from client.cli.backup.new_secrets import Wishes, new_digits
from client.cli.backup.room import Room, opened_room
from client.cli.opening import REAL_SURROUNDINGS
from client.cli.options import global_options
from client.cli.output import Output
from client.cli.running import asynchronous
from client.cli.settings import Settings


@click.command(
    epilog="""\b
Examples:
  glasspost backup slot add digits            new ones replace the old
  glasspost backup slot add password --vault north=vault.example:7700#61...
  glasspost backup slot remove password"""
)
@click.argument("action", type=click.Choice(["add", "remove"]))
@click.argument("kind", type=click.Choice(["digits", "password"]))
@digits_options
@password_options
@global_options(hidden=True)
@asynchronous
async def command(
    settings: Settings,
    action: str,
    kind: str,
    digits_out: Path | None,
    page: Path | None,
    password_file: str | None,
    vaults: tuple[str, ...],
    threshold: int | None,
) -> None:
    """Add digits or a password to what opens the backup, or remove one of them.

    Each change takes a new root: what is removed or replaced opens nothing that is saved
    afterwards. While there is a password, it is asked for at each change, because its vaults get
    new records; it may be another one.
    """
    wishes = Wishes(digits_out, page, password_file, vaults, threshold)
    output = Output(json=settings.json)
    async with opened_room(settings) as room:
        slots = await _slots(room, action, kind, wishes, output)
        await apply(room, slots, output)


async def _slots(room: Room, action: str, kind: str, wishes: Wishes, output: Output) -> Slots:
    kinds = kinds_of(room.plan)
    if action == "remove" and kind not in kinds:
        raise NoSuchSlot(kind, kinds)
    left = {*kinds, kind} if action == "add" else {*kinds} - {kind}
    digits = None
    if (action, kind) == ("add", "digits"):
        owner = await owner_of(room)
        digits = new_digits(wishes, owner, REAL_SURROUNDINGS, output)
    return Slots(
        digits=digits,
        keeps_digits="digits" in left,
        password=await password_for(room, wishes) if "password" in left else None,
    )
