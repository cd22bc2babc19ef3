"""``glasspost restore``: from a backup into a profile, new or used."""

import re
from datetime import UTC, datetime
from typing import Final

import click

from client.backup.reading.segments import Selection
from client.cli.backup.flags import opening_options
from client.cli.backup.restoring import Order, restore_from
from client.cli.backup.unlocking import SecretFiles, Unlocker
from client.cli.opening import REAL_SURROUNDINGS
from client.cli.options import global_options
from client.cli.output import Output
from client.cli.profiles import parse_peer
from client.cli.running import asynchronous
from client.cli.settings import Settings
from client.errors import LocalError
from client.network.address import parse_address
from client.network.vaults import open_vault
from client.text import shorten

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


@click.command(
    epilog="""\b
Examples:
  glasspost --as alice --relay relay.example:7667#5f2a... restore --from cloud
  glasspost restore --from alice.tar --digits-file digits
  glasspost restore --from relay:4w6t-... --chat bob --since 2026-01-01"""
)
@click.option(
    "--from", "source", metavar="TARGET", help="Where it lies, or a file that was exported."
)
@click.option("--chat", metavar="PEER", help="Only the conversation with PEER.")
@click.option("--since", metavar="DATE", help="Only messages from YYYY-MM-DD (UTC) on.")
@opening_options
@click.option("--no-passphrase", is_flag=True, help="Do not lock a profile that is made.")
@click.option("--accept-older", is_flag=True, help="Take an older backup than the vaults know.")
@global_options(hidden=True)
@asynchronous
async def command(
    settings: Settings,
    source: str | None,
    chat: str | None,
    since: str | None,
    digits_file: str | None,
    password_file: str | None,
    no_passphrase: bool,
    accept_older: bool,
) -> None:
    """Restore a backup: messages first, files after.

    On a new device the profile is made. Into one that has a history, messages come that are not
    there yet. Interrupted anywhere, the same command goes on.
    """
    if source is None:
        raise LocalError(
            "Where does the backup lie?",
            hint="Say so with --from: what your printed page says, or an exported file.",
        )
    order = Order(
        source,
        None if settings.relay is None else parse_address(settings.relay),
        Selection(None if chat is None else parse_peer(chat), _since_ms(since)),
        no_passphrase,
        accept_older,
    )
    output = Output(json=settings.json)
    files = SecretFiles(digits_file, password_file)
    unlocker = Unlocker(files, output, open_vault, REAL_SURROUNDINGS)
    await restore_from(order, settings, unlocker, output)


def _since_ms(text: str | None) -> int:
    """Read a day; 0 for none.

    Raises:
        LocalError: it is no day of the calendar.
    """
    if text is None:
        return 0
    try:
        if _DATE.fullmatch(text) is None:
            raise ValueError(text)
        return int(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp() * 1000)
    except ValueError as error:
        raise LocalError(
            f"“{shorten(text, 40)}” is not a day.", hint="Write it as 2026-01-31."
        ) from error
