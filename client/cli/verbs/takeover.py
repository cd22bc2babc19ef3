"""``glasspost takeover``: the name, on a new device."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import click

from client.cli.account_files import account_passphrase_option, unlocked
from client.cli.opening import REAL_SURROUNDINGS, passphrase_of
from client.cli.options import global_options
from client.cli.output import Output
from client.cli.passphrases import new_passphrase
from client.cli.profiles import home_of
from client.cli.running import asynchronous
from client.cli.settings import Settings
from client.cli.takeovers import fingerprint
from client.engine.own_name import takeover_waits
from client.engine.place import Place
from client.engine.takeover import take_over
from client.engine.takeover_attempt import HeldBack, TakenOver
from client.errors import LocalError
from client.network.address import parse_address
from client.profile.account_file import Credential, write_account_file
from client.profile.passphrase import Passphrase
from client.profile.paths import is_profile, profile_folder
from client.text import clean_line


@click.command(
    epilog="""\b
Examples:
  glasspost takeover alice.account
  glasspost --relay relay.example:7667#5f2a... takeover alice.account

\b
Exit codes: 0 the name is here   3 the other device may object: later, again"""
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--no-passphrase",
    is_flag=True,
    help="Do not lock the new profile; whoever copies its folder can read it.",
)
@account_passphrase_option
@global_options(hidden=True)
@asynchronous
async def command(
    settings: Settings, file: Path, no_passphrase: bool, account_passphrase_file: str | None
) -> None:
    """Take over the name in FILE, which account save wrote, with a new profile here.

    The old device is shut out. If it was online within a week, it is told and may object for a
    day; the same command after that goes on. FILE is written anew: older copies of it are stale.
    """
    output = Output(json=settings.json)
    credential, secret = unlocked(file, account_passphrase_file)
    credential = _at_relay(_of_name(credential, settings.as_name), settings.relay)
    place = Place(
        home_of(settings),
        _passphrase(settings, credential, none=no_passphrase),
        REAL_SURROUNDINGS,
    )
    outcome = await take_over(place, credential, _keeper(file, secret))
    folder = str(place.folder(credential.name).path)
    output.record(
        {
            "name": credential.name,
            "state": "taken over" if isinstance(outcome, TakenOver) else "held",
            "until_ms": outcome.until_ms if isinstance(outcome, HeldBack) else None,
            "identity": outcome.identity.hex(),
            "folder": folder,
        }
    )
    output.line(f"This device: {fingerprint(outcome.identity)}")
    output.flush()
    if isinstance(outcome, HeldBack):
        raise takeover_waits(credential.name, outcome.until_ms)
    output.line(f"{credential.name} is yours here, at {outcome.at.endpoint}: {clean_line(folder)}")
    output.line("The other device is shut out. Friends are asked about your new key: compare the")
    output.line("safety numbers with them. What they wrote meanwhile comes when they have agreed.")
    _tell_of_file(output, file, outcome)


def _tell_of_file(output: Output, file: Path, outcome: TakenOver) -> None:
    name = clean_line(str(file))
    if outcome.unkept is None:
        output.line(f"{name} has the new account key; older copies of it are stale.")
    else:
        output.note(
            f"{outcome.unkept.reason} It is good all the same; to save it anew:"
            " glasspost account save FILE"
        )


def _of_name(credential: Credential, as_name: str | None) -> Credential:
    if as_name not in (None, credential.name):
        raise LocalError(
            f"The account file is that of {credential.name}, not of the name behind --as.",
            hint="Leave --as out.",
        )
    return credential


def _at_relay(credential: Credential, relay: str | None) -> Credential:
    """Let ``--relay`` name where the account lives now; the key of the same place stays pinned."""
    if relay is None:
        return credential
    address = parse_address(relay)
    if address.fingerprint is None and address.place == credential.relay.place:
        return credential
    return replace(credential, relay=address)


def _passphrase(settings: Settings, credential: Credential, *, none: bool) -> Passphrase | None:
    """Give that of the profile: the one that waits, or a new one."""
    if is_profile(profile_folder(home_of(settings), credential.name).path):
        return passphrase_of(settings, credential.name)
    return new_passphrase(none=none, file=settings.passphrase_file)


def _keeper(file: Path, secret: Passphrase | None) -> Callable[[Credential], Awaitable[None]]:
    async def keep(credential: Credential) -> None:
        random_bytes = REAL_SURROUNDINGS.random_bytes
        await REAL_SURROUNDINGS.run_blocking(
            lambda: write_account_file(file, credential, secret, random_bytes)
        )

    return keep
