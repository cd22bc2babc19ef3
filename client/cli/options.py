"""The global options, before the verb and behind it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click

from client.cli.descriptors import require_open
from client.cli.hints import remember_typed
from client.cli.settings import DEFAULT_RELAY, Settings

F = TypeVar("F", bound=Callable[..., Any])


def global_options(*, hidden: bool) -> Callable[[F], F]:
    """Add the global options to a command; each puts its value into the context's settings.

    Args:
        hidden: leave them out of the command's own help.
    """
    options = (
        _option("--home", "home", hidden, type=click.Path(path_type=Path), metavar="DIR",
                help="The folder of profiles (else $GLASSPOST_HOME, else your data folder)."),
        _option("--as", "as_name", hidden, metavar="NAME",
                help="Which profile to use; may be left out if there is only one."),
        _option("--relay", "relay", hidden, metavar="ADDRESS",
                help=f"The relay, needed once: host:port#fingerprint [default: {DEFAULT_RELAY}]."),
        _option("--json", "json", hidden, is_flag=True,
                help="Print one JSON object a line."),
        _option("--passphrase-file", "passphrase_file", hidden, metavar="FILE",
                help="Read the passphrase from a file, a descriptor's number, or - (stdin)."),
    )  # fmt: skip

    def add(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return add


def _option(flag: str, field: str, hidden: bool, **attributes: Any) -> Callable[[F], F]:
    def remember(context: click.Context, _parameter: click.Parameter, value: Any) -> None:
        if value not in (None, False):
            if field == "passphrase_file":
                require_open(value)
            remember_typed(flag, str(value))
            context.obj = replace(context.obj or Settings(), **{field: value})

    return click.option(
        flag, field, hidden=hidden, expose_value=False, callback=remember, **attributes
    )
