"""``glasspost passphrase``: change what locks the profile on this machine."""

import click

from client.cli.descriptors import require_open
from client.cli.opening import REAL_SURROUNDINGS, passphrase_of
from client.cli.options import global_options
from client.cli.output import Output
from client.cli.passphrases import new_passphrase
from client.cli.profiles import choose_profile, home_of
from client.cli.settings import Settings
from client.profile.opening import change_passphrase, unlock
from client.profile.paths import profile_folder


@click.command(
    epilog="""\b
Examples:
  glasspost passphrase                     asks for the old and the new one
  glasspost passphrase --no-passphrase     removes it
  glasspost --passphrase-file old passphrase --new-passphrase-file new"""
)
@click.option("--no-passphrase", is_flag=True, help="Lock with nothing but the file's mode.")
@click.option("--new-passphrase-file", metavar="FILE", help="Read the new passphrase from a file.")
@global_options(hidden=True)
@click.pass_obj
def command(settings: Settings, no_passphrase: bool, new_passphrase_file: str | None) -> None:
    """Change, set or remove the profile's passphrase.

    Only the small file that holds the database's key is written anew, in one step. A copy of the
    old file still opens with the old passphrase.
    """
    output = Output(json=settings.json)
    if new_passphrase_file is not None:
        require_open(new_passphrase_file)
    name = choose_profile(settings)
    folder = profile_folder(home_of(settings), name)
    old = passphrase_of(settings, name)
    unlock(folder, old)  # a wrong one is told before the new one is asked for
    new = new_passphrase(none=no_passphrase, file=new_passphrase_file)
    change_passphrase(folder, old, new, REAL_SURROUNDINGS.random_bytes)
    output.record({"name": name, "passphrase": new is not None})
    output.line(f"{name} now has a passphrase." if new else f"{name} now has no passphrase.")
