"""``glasspost backup setup``: where a backup lies, and what opens it."""

from pathlib import Path

import click

from client.backup.secrets.changing import Changer, Place
from client.backup.secrets.failures import AlreadySetUp
from client.backup.secrets.keyrings import Slots
from client.backup.targets.interface import Target
from client.backup.targets.parse import RelayPlace, parse_target
from client.backup.writing.locking import alone
from client.cli.backup.flags import digits_options, password_options
from client.cli.backup.new_secrets import (
    Owner,
    Wishes,
    new_digits,
    new_password,
    parsed_vaults,
)
from client.cli.backup.room import interruptible, opened_storage
from client.cli.opening import REAL_SURROUNDINGS, opened_profile
from client.cli.options import global_options
from client.cli.output import Output
from client.cli.running import asynchronous
from client.cli.settings import Settings
from client.engine.relay_settings import required_relay
from client.errors import LocalError
from client.network.vaults import open_vault
from client.profile.opening import OpenProfile
from client.store import archive
from client.text import clean_line, join_words
from protocol.archive.layout import KEYRING_PATH
from protocol.archive.locator import Locator
from protocol.recovery.record import Vault

_NEW_AT_RELAY = ("relay", "relay:")
_SECRET_BYTES = 32


@click.command(
    epilog="""\b
Examples:
  glasspost backup setup --to /mnt/cloud --digits --page page.html
  glasspost backup setup --to relay --digits
  glasspost backup setup --to folder:cloud --password --digits \\
      --vault north=vault.example:7700#6181... --vault ... --vault ..."""
)
@click.option("--to", "target", metavar="TARGET", help="Where it lies; see glasspost backup -h.")
@click.option("--digits", is_flag=True, help="Open it by 64 digits on paper.")
@click.option("--password", is_flag=True, help="Open it by a password that vaults guard.")
@digits_options
@password_options
@click.option("--anew", is_flag=True, help="Leave the backup that there is where it is.")
@global_options(hidden=True)
@asynchronous
async def command(
    settings: Settings,
    target: str | None,
    digits: bool,
    password: bool,
    anew: bool,
    digits_out: Path | None,
    page: Path | None,
    password_file: str | None,
    vaults: tuple[str, ...],
    threshold: int | None,
) -> None:
    """Choose where the backup lies and what opens it; nothing is saved yet.

    Both the digits and a password are recommended: losing one leaves the other. Without
    --digits and --password it gets digits, and a password if vaults are named.
    """
    wishes = Wishes(digits_out, page, password_file, vaults, threshold)
    password = password or bool(vaults) or password_file is not None
    digits = digits or not password
    chosen = parsed_vaults(vaults) if password else ()
    place = _place(target)
    output = Output(json=settings.json)
    async with opened_profile(settings) as profile:
        await _require_free(profile, anew)
        async with opened_storage(profile, place.target, place.secret) as storage:
            async with interruptible():
                await _require_empty(storage)
            owner = await _owner(profile, place)
            slots = Slots(
                digits=new_digits(wishes, owner, REAL_SURROUNDINGS, output) if digits else None,
                password=await new_password(wishes, chosen, owner, REAL_SURROUNDINGS)
                if password
                else None,
            )
            missing = await _set_up(profile, place, slots, anew=anew)
    _tell(output, place, slots, missing)


async def _set_up(
    profile: OpenProfile, place: Place, slots: Slots, *, anew: bool
) -> tuple[Vault, ...]:
    changer = Changer(profile.database, open_vault, REAL_SURROUNDINGS)
    async with interruptible():
        with alone(profile.folder):
            return await changer.set_up(place, slots, anew=anew)


def _place(text: str | None) -> Place:
    """Read where the backup is to lie; at a relay, draw a place that nobody knows."""
    if text is None:
        raise LocalError(
            "Where is the backup to lie?",
            hint="Say so with --to: a folder on another disk or a mounted cloud, or relay.",
        )
    draw = REAL_SURROUNDINGS.random_bytes
    if text in _NEW_AT_RELAY:
        return Place(str(RelayPlace(Locator.generate(draw))), draw(_SECRET_BYTES))
    address = parse_target(text)
    if isinstance(address, RelayPlace):
        raise LocalError(
            "That place at the relay was drawn for another backup.",
            hint="Write --to relay: a new place is drawn and shown.",
        )
    return Place(str(address))


async def _require_free(profile: OpenProfile, anew: bool) -> None:
    held = await profile.database.read(archive.find)
    if held is not None and not anew:
        raise AlreadySetUp(held.target)


async def _require_empty(storage: Target) -> None:
    """Make the place, and refuse one that holds a backup: none is ever written over."""
    await storage.prepare()
    if await storage.size(KEYRING_PATH) is not None:
        raise LocalError(
            f"There is a backup in {clean_line(storage.where)} already.",
            hint="Restore it with glasspost restore, or choose another place.",
        )


async def _owner(profile: OpenProfile, place: Place) -> Owner:
    relay = await profile.database.read(required_relay)
    return Owner(profile.name, place.target, str(relay))


def _tell(output: Output, place: Place, slots: Slots, missing: tuple[Vault, ...]) -> None:
    kinds = ["digits"] * (slots.digits is not None) + ["password"] * (slots.password is not None)
    output.record(
        {
            "target": place.target,
            "slots": [*kinds],
            "vaults_missing": [vault.name for vault in missing],
        }
    )
    words = {"digits": "the 64 digits", "password": "the password"}
    opens = join_words([words[kind] for kind in kinds], "or")
    output.line(f"The backup will lie in {clean_line(place.target)} and open by {opens}.")
    if missing:
        names = join_words([vault.name for vault in missing])
        output.note(f"Not reached yet: {names}. The next backups try again.")
    output.line("Save it now: glasspost backup create")
