"""The command ``glasspost-server``.

Exit codes: 0 done, 1 usage or local error. Errors are sentences on standard
error; standard output carries the service's address and nothing else.
"""

import contextlib
import sys
from pathlib import Path

import click
import trio

from protocol.limits import TAKEOVER_HOLD_MS
from server.command_types import AS_IS, HOUR_MS, HoldType, ListenType
from server.complaints import CannotStart
from server.data_folder import default_path
from server.launch import SERVICE, Options, serve
from server.listen_address import DEFAULT_LISTEN, ListenAddress
from server.vault.cli import vault

_EXAMPLES = f"""\
{AS_IS}Examples:
  glasspost-server relay
  glasspost-server relay --listen 0.0.0.0:7667 --data /srv/glasspost
  glasspost-server relay --listen 127.0.0.1:0 --memory --log -
  glasspost-server relay --takeover-hold 72
"""


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog=_EXAMPLES)
@click.version_option(package_name="glasspost", message="glasspost-server %(version)s")
def command() -> None:
    """Store and forward sealed messages, without being able to read them; guard backups."""


command.add_command(vault)


@command.command(epilog=_EXAMPLES)
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
    envvar="GLASSPOST_RELAY_DATA",
    help="The relay's folder; made if need be. Default: glasspost/relay in your data directory.",
)
@click.option("--no-tls", is_flag=True, help="Speak without TLS; on loopback only.")
@click.option("--memory", is_flag=True, help="Keep everything in memory, also a new key.")
@click.option(
    "--log", metavar="FILE", help="Log into FILE, or - for standard error. Default: DATA/relay.log."
)
@click.option(
    "--proxied",
    is_flag=True,
    help="Connections from this machine are a proxy's or onion service's: limit their rates too.",
)
@click.option(
    "--takeover-hold",
    type=HoldType(),
    default=f"{TAKEOVER_HOLD_MS / HOUR_MS:g}",
    show_default=True,
    help="So long a device that was online lately may veto its replacement; 0 for demos.",
)
def relay(
    *,
    listen: ListenAddress,
    data: Path | None,
    no_tls: bool,
    memory: bool,
    log: str | None,
    proxied: bool,
    takeover_hold: int,
) -> None:
    """Run a relay until it gets SIGTERM or Ctrl-C.

    When it is ready it prints one line, its address, for clients to use.
    """
    if no_tls and not listen.is_loopback:
        raise click.UsageError(
            "--no-tls works on loopback only: elsewhere logins and names would cross the"
            " network in the clear. Leave it out, or listen on 127.0.0.1."
        )
    if memory and data is not None and not _is_from_environment("data"):
        raise click.UsageError("--memory keeps nothing, so --data has no use. Leave one out.")
    folder = None if memory else (data or default_path(SERVICE)).absolute()
    options = Options(listen, folder, not no_tls, log, proxied, takeover_hold)
    trio.run(serve, options, _Announcement(options))


class _Announcement:
    """Tells that the relay is ready: the address for programs, a hint for people."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def __call__(self, url: str) -> None:
        kept = self._options.data or "in memory only"
        with contextlib.suppress(OSError):
            print(url, flush=True)
            print(f"The relay is ready. Kept: {kept}. Ctrl-C ends it.", file=sys.stderr, flush=True)


def main() -> None:
    """Run the command and exit; usage errors exit with 1."""
    try:
        command.main(prog_name="glasspost-server", standalone_mode=False)
    except CannotStart as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(1)
    except click.exceptions.Abort:
        sys.exit(1)


def _is_from_environment(name: str) -> bool:
    source = click.get_current_context().get_parameter_source(name)
    return source is click.core.ParameterSource.ENVIRONMENT
