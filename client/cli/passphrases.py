"""Passphrases: from the terminal without showing them, or from a file that an option names."""

import os
import sys
from typing import Final

from client.cli.secret_files import PASSPHRASE, read_secret_line
from client.errors import LocalError
from client.profile.passphrase import Passphrase

UNLOCKED: Final = "The profile has no passphrase: whoever copies its folder can read it."


def read_passphrase_file(name: str) -> str:
    """Give the first line of a file; see :func:`client.cli.secret_files.read_secret_line`."""
    return read_secret_line(name, PASSPHRASE)


def ask_passphrase(prompt: str) -> str:
    """Ask on the terminal; the answer is not shown and may be empty.

    Raises:
        LocalError: there is no terminal to ask on.
    """
    if not terminal_exists():
        raise LocalError(
            "This needs a passphrase, and there is no terminal to ask on.",
            hint="Give it with --passphrase-file FILE (- for standard input); a new profile can do"
            " without: --no-passphrase.",
        )
    import getpass  # slow to load, and seldom needed

    try:
        return getpass.getpass(prompt)
    except EOFError as error:
        raise LocalError("No passphrase was given.", hint="Type it, then Enter.") from error


def new_passphrase(*, none: bool, file: str | None) -> Passphrase | None:
    """Give a new passphrase, or None where the user wants none.

    Args:
        none: the user said so by an option.
        file: where to read it, see :func:`read_passphrase_file`; else the user is asked.

    Raises:
        LocalError: both are given, or there is no terminal to ask on.
    """
    if none and file is not None:
        raise LocalError(
            "A passphrase file and --no-passphrase exclude each other.", hint="Leave one out."
        )
    if none:
        return None
    text = ask_new_passphrase() if file is None else read_passphrase_file(file)
    return Passphrase.from_text(text) if text else None


def ask_new_passphrase(prompt: str = "Passphrase for this profile (Enter: none): ") -> str:
    """Ask for a new passphrase twice; empty means none.

    Raises:
        LocalError: there is no terminal, or the two differ three times.
    """
    for _ in range(3):
        first = ask_passphrase(prompt)
        if not first or ask_passphrase("The same again: ") == first:
            return first
        print("They differ. Once more.", file=sys.stderr)
    raise LocalError("The two passphrases differ.", hint="Do it again, slowly.")


def terminal_exists() -> bool:
    """Tell whether there is somebody to ask."""
    if sys.stdin.isatty():
        return True
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
