"""Options that several commands about backups share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from client.cli.descriptors import require_open

F = TypeVar("F", bound=Callable[..., Any])


def _checked(_context: click.Context, _parameter: click.Parameter, value: Any) -> Any:
    if value is not None:
        require_open(value)
    return value


def opening_options(function: F) -> F:
    """Add ``--digits-file`` and ``--password-file``: what opens a backup."""
    function = click.option(
        "--password-file",
        metavar="FILE",
        callback=_checked,
        help="Open it by the password on a file's first line.",
    )(function)
    return click.option(
        "--digits-file",
        metavar="FILE",
        callback=_checked,
        help="Open it by the 64 digits in a file, a descriptor, or - (stdin).",
    )(function)


def password_options(function: F) -> F:
    """Add what a new password needs."""
    for option in (
        click.option(
            "--threshold",
            type=click.IntRange(1, 5),
            metavar="T",
            help="How many vaults it takes to try it. Default: more than half.",
        ),
        click.option(
            "--vault",
            "vaults",
            multiple=True,
            metavar="VAULT",
            help="NAME=HOST:PORT#KEY, as the vault prints it; several times.",
        ),
        click.option(
            "--password-file",
            metavar="FILE",
            callback=_checked,
            help="Read the new password from a file, a descriptor, or - (stdin).",
        ),
    ):
        function = option(function)
    return function


def digits_options(function: F) -> F:
    """Add where new digits go."""
    for option in (
        click.option(
            "--page",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Write a page to print: digits, code, and where the backup lies.",
        ),
        click.option(
            "--digits-out",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Write new digits to a file of mode 0600; two rows are not asked for.",
        ),
    ):
        function = option(function)
    return function
