"""``glasspost-server vault``."""

import contextlib
import sys
from pathlib import Path
from typing import Any

import click
import trio

from protocol.errors import InvalidName
from protocol.ids import Name, parse_name
from server.command_types import AS_IS, ListenType
from server.data_folder import default_path
from server.listen_address import ListenAddress
from server.vault.launch import SERVICE, VaultOptions, serve

DEFAULT_LISTEN = "127.0.0.1:7700"


class _NameType(click.ParamType[Name]):
    name = "NAME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Name:
        try:
            return parse_name(value)
        except InvalidName as error:
            self.fail(str(error), param, ctx)


@click.command(
    epilog=f"""\
{AS_IS}Examples:
  glasspost-server vault --name north
  glasspost-server vault --name north --listen 0.0.0.0:7700 --data /srv/vault
"""
)
@click.option("--name", type=_NameType(), required=True, help="What the vault goes by.")
@click.option(
    "--listen",
    type=ListenType(),
    default=DEFAULT_LISTEN,
    show_default=True,
    help="Where to listen; port 0 takes any free one.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="DIR",
    envvar="GLASSPOST_VAULT_DATA",
    help="The vault's folder; made if need be. Default: glasspost/vault in your data directory.",
)
@click.option(
    "--log", metavar="FILE", help="Log into FILE, or - for standard error. Default: DATA/vault.log."
)
def vault(*, name: Name, listen: ListenAddress, data: Path | None, log: str | None) -> None:
    """Run a vault until it gets SIGTERM or Ctrl-C.

    It guards passwords of backups: it counts guesses and stops. When it is ready it prints
    one line, NAME=HOST:PORT#KEY, for clients to use. Never restore its folder from a backup.
    """
    folder = (data or default_path(SERVICE)).absolute()

    def ready(address: str) -> None:
        with contextlib.suppress(OSError):
            print(address, flush=True)
            print(f"The vault is ready. Kept: {folder}. Ctrl-C ends it.", file=sys.stderr)

    trio.run(serve, VaultOptions(name, listen, folder, log), ready)
