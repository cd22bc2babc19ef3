"""``glasspost register``: a name at a relay, and the profile that holds it."""

from pathlib import Path

import click

from client.cli.opening import REAL_SURROUNDINGS, passphrase_of
from client.cli.options import global_options
from client.cli.output import Json, Output
from client.cli.passphrases import UNLOCKED, new_passphrase
from client.cli.profiles import home_of, parse_own
from client.cli.running import asynchronous
from client.cli.settings import DEFAULT_RELAY, Settings
from client.engine.registration import Registered, register
from client.errors import LocalError
from client.network.address import RelayAddress, parse_address
from client.profile.paths import is_profile, profile_folder
from client.text import clean_line
from protocol.ids import Name


@click.command(
    epilog="""\b
Examples:
  glasspost register alice
  glasspost --relay relay.example:7667#5f2a... register alice
  glasspost register alice --no-passphrase      for scripts and demos"""
)
@click.argument("name")
@click.option(
    "--no-passphrase",
    is_flag=True,
    help="Do not lock the profile; whoever copies its folder can read it.",
)
@global_options(hidden=True)
@asynchronous
async def command(settings: Settings, name: str, no_passphrase: bool) -> None:
    """Take NAME at the relay and make a profile for it on this machine.

    If the connection broke on the way, the same command continues. A profile that is here already
    stays at its relay; with --relay it moves to that one, and what is queued goes along.
    """
    output, own, home = Output(json=settings.json), parse_own(name), home_of(settings)
    if settings.as_name not in (None, name):
        raise LocalError(
            "--as and the name to register differ.", hint="Leave --as out, or give the same name."
        )
    address = parse_address(DEFAULT_RELAY if settings.relay is None else settings.relay)
    if is_profile(profile_folder(home, own).path):
        passphrase = passphrase_of(settings, own)
    else:
        passphrase = new_passphrase(none=no_passphrase, file=settings.passphrase_file)
    done = await register(
        home,
        own,
        address,
        passphrase,
        REAL_SURROUNDINGS,
        keeps_relay=settings.relay is None,
    )
    folder = profile_folder(home, own).path
    output.record(_record(own, folder, done))
    already = "already " if done.already else ""
    output.line(f"{own} is {already}registered at {done.at.endpoint}.")
    if done.moved_from is not None:
        output.line(_moved_words(own, done.moved_from, is_same_relay=done.is_same_relay))
    output.line(f"The profile is {clean_line(str(folder))}: its keys exist nowhere else.")
    if passphrase is None:
        output.note(UNLOCKED)


def _moved_words(own: Name, former: RelayAddress, *, is_same_relay: bool) -> str:
    if is_same_relay:
        return f"It is the same relay as at {former.endpoint}: only its address has changed."
    return (
        f"It moved there from {former.endpoint}; what was queued goes along."
        f" Friends there no longer reach {own}."
    )


def _record(name: Name, folder: Path, done: Registered) -> dict[str, Json]:
    moved_from = None if done.moved_from is None else str(done.moved_from)
    return {"name": name, "relay": str(done.at), "folder": str(folder), "moved_from": moved_from}
