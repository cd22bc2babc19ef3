"""``glasspost account``: the key that stands above this device, for the day it is lost."""

from pathlib import Path

import click

from client.cli.account_files import account_passphrase_option, new_file_passphrase
from client.cli.opening import REAL_SURROUNDINGS, opened_offline
from client.cli.options import global_options
from client.cli.output import Output
from client.cli.running import asynchronous
from client.cli.settings import Settings
from client.errors import LocalError
from client.profile.account_file import write_account_file
from client.text import clean_line


@click.command(
    epilog="""\b
Examples:
  glasspost account save alice.account
  glasspost account save /media/stick/alice.account --force
  glasspost account save alice.account --account-passphrase-file secret"""
)
@click.argument("action", type=click.Choice(("save",)))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
@click.option("--no-passphrase", is_flag=True, help="Write the key bare, readable by you alone.")
@account_passphrase_option
@global_options(hidden=True)
@asynchronous
async def command(
    settings: Settings,
    action: str,
    file: Path,
    force: bool,
    no_passphrase: bool,
    account_passphrase_file: str | None,
) -> None:
    """Save what lets a new device take over the name when this one is lost; works offline.

    Keep FILE off this machine: a copy beside the profile is lost with it. It has a passphrase of
    its own. It opens no message; friends see that the key has changed when it is used.
    """
    del action  # there is one
    output = Output(json=settings.json)
    _require_free(file, force=force)
    async with opened_offline(settings) as engine:
        credential = await engine.own_device.credential()
    passphrase = new_file_passphrase(none=no_passphrase, file=account_passphrase_file)
    await REAL_SURROUNDINGS.run_blocking(
        lambda: write_account_file(file, credential, passphrase, REAL_SURROUNDINGS.random_bytes)
    )
    output.record(
        {
            "name": credential.name,
            "file": str(file),
            "generation": credential.generation,
            "passphrase": passphrase is not None,
        }
    )
    secret = "" if passphrase is None else " and its passphrase"
    output.line(f"The account key of {credential.name} is saved in {clean_line(str(file))}.")
    output.line(f"Whoever has this file{secret} can take over your name. It opens no message.")
    output.line("Keep it off this machine. On a new one: glasspost takeover FILE")
    if passphrase is None:
        output.note("It has no passphrase: reading the file is enough.")


def _require_free(file: Path, *, force: bool) -> None:
    if not file.exists() or force:
        return
    raise LocalError(
        f"{clean_line(str(file))} exists already.",
        why="It may be the account file of another name, or an older one of this.",
        hint="Name another file, or replace it with --force.",
    )
