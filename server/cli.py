"""The command ``glasspost-server``.

Exit codes: 0 done, 1 usage or local error. Errors are sentences on standard
error; standard output carries the relay's address and nothing else.
"""

import contextlib
import sys
from pathlib import Path
from typing import Any, Final

import click
import trio

from protocol.errors import BadAddress
from protocol.limits import TAKEOVER_HOLD_MS
from server.complaints import CannotStart
from server.data_folder import default_path
from server.launch import Options, serve
from server.listen_address import DEFAULT_LISTEN, ListenAddress, parse_listen_address

_HOUR_MS: Final = 3_600_000

# Who is away for longer than a month has little use for a veto.
MOST_HOLD_HOURS: Final = 720


class _ListenType(click.ParamType[ListenAddress]):
    name = "HOST:PORT"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> ListenAddress:
        try:
            return parse_listen_address(value)
        except BadAddress as error:
            self.fail(error.reason, param, ctx)


class _HoldType(click.ParamType[int]):
    """So many hours, as milliseconds."""

    name = "HOURS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Parse it, or fail with the reason."""
        try:
            hours = float(value)
        except ValueError:
            self.fail(f"{value!r} is no number of hours, such as 24 or 0.5.", param, ctx)
        if not 0 <= hours <= MOST_HOLD_HOURS:  # not a number fails as well
            self.fail(
                f"{value} is not between 0 and {MOST_HOLD_HOURS} hours; 0 replaces at once.",
                param,
                ctx,
            )
        return round(hours * _HOUR_MS)


# click keeps the lines of a paragraph that begins with this character.
_AS_IS = "\b\n"

_EXAMPLES = f"""\
{_AS_IS}Examples:
  glasspost-server relay
  glasspost-server relay --listen 0.0.0.0:7667 --data /srv/glasspost
  glasspost-server relay --listen 127.0.0.1:0 --memory --log -
  glasspost-server relay --takeover-hold 72
"""


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog=_EXAMPLES)
@click.version_option(package_name="glasspost", message="glasspost-server %(version)s")
def command() -> None:
    """Store and forward sealed messages, without being able to read them."""


@command.command(epilog=_EXAMPLES)
@click.option(
    "--listen",
    type=_ListenType(),
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
    type=_HoldType(),
    default=f"{TAKEOVER_HOLD_MS / _HOUR_MS:g}",
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
    folder = None if memory else (data or default_path()).absolute()
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
