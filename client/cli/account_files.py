"""Account files as the verbs ask for them: paths, and passphrases of their own."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from client.cli.descriptors import require_open
from client.cli.opening import ATTEMPTS
from client.cli.passphrases import ask_new_passphrase, ask_passphrase, read_passphrase_file
from client.errors import LocalError, WrongSecret
from client.profile.account_file import Credential, account_file_is_locked, read_account_file
from client.profile.passphrase import Passphrase
from client.text import clean_line

F = TypeVar("F", bound=Callable[..., Any])


def account_passphrase_option(function: F) -> F:
    """Add the option that names where the file's own passphrase is read."""
    return click.option(
        "--account-passphrase-file",
        metavar="FILE",
        callback=_require_open,
        help="Read the account file's own passphrase from a file, a descriptor, or -.",
    )(function)


def new_file_passphrase(*, none: bool, file: str | None) -> Passphrase | None:
    """Give the passphrase for a new account file, or None where the user wants none.

    Raises:
        LocalError: both are given, it is empty, or there is no terminal to ask on.
    """
    if none and file is not None:
        raise LocalError(
            "A passphrase file and --no-passphrase exclude each other.", hint="Leave one out."
        )
    if none:
        return None
    prompt = "Passphrase for the account file: "
    return Passphrase.from_text(
        ask_new_passphrase(prompt) if file is None else read_passphrase_file(file)
    )


def unlocked(path: Path, file: str | None) -> tuple[Credential, Passphrase | None]:
    """Read an account file; asks for its passphrase if it has one and ``file`` does not name it.

    Raises:
        WrongSecret: the passphrase is wrong.
        LocalError: the file cannot be read, or there is no terminal to ask on.
    """
    if not account_file_is_locked(path):
        return read_account_file(path, None), None
    if file is not None:
        return _with(path, read_passphrase_file(file))
    prompt = f"Passphrase of {clean_line(str(path))}: "
    for _ in range(ATTEMPTS - 1):
        try:
            return _with(path, ask_passphrase(prompt))
        except WrongSecret:
            print("That is not the passphrase. Once more.", file=sys.stderr)
    return _with(path, ask_passphrase(prompt))


def _with(path: Path, text: str) -> tuple[Credential, Passphrase]:
    passphrase = Passphrase.from_text(text)
    return read_account_file(path, passphrase), passphrase


def _require_open(_context: click.Context, _parameter: click.Parameter, value: Any) -> Any:
    if value is not None:
        require_open(value)
    return value
