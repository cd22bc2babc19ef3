"""Passphrases: from the terminal without showing them, or from a file that an option names."""

import os
import sys
from pathlib import Path
from typing import Final

from client.cli.descriptors import descriptor_of
from client.errors import LocalError
from client.profile.passphrase import Passphrase
from client.text import clean_line

# Longer than any sentence; keeps a wrong file (a disk image, /dev/zero) out of memory.
MAX_PASSPHRASE_BYTES: Final = 4_096

UNLOCKED: Final = "The profile has no passphrase: whoever copies its folder can read it."


def read_passphrase_file(name: str) -> str:
    """Give the first line of a file, without its end.

    Args:
        name: a path, ``-`` for standard input, or the number of an open descriptor.

    Raises:
        LocalError: it cannot be read, is empty, too long, or not UTF-8.
    """
    try:
        line = _first_line(name)
    except OSError as error:
        raise LocalError(
            f"The passphrase file {clean_line(name)} cannot be read.",
            why=f"The system says: {error.strerror}.",
            hint="Name a file that exists, or leave --passphrase-file out to be asked.",
        ) from error
    return _checked(line, name)


def ask_passphrase(prompt: str) -> str:
    """Ask on the terminal; the answer is not shown and may be empty.

    Raises:
        LocalError: there is no terminal to ask on.
    """
    if not _terminal_exists():
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


def _first_line(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.readline(MAX_PASSPHRASE_BYTES + 2)
    number = descriptor_of(name)
    with Path(name).open("rb") if number is None else os.fdopen(number, "rb") as file:
        return file.readline(MAX_PASSPHRASE_BYTES + 2)


def _checked(line: bytes, name: str) -> str:
    value = line.removesuffix(b"\n").removesuffix(b"\r")
    hint = "Put the passphrase on the first line of the file."
    if not value:
        raise LocalError(f"The passphrase file {clean_line(name)} is empty.", hint=hint)
    if len(value) > MAX_PASSPHRASE_BYTES:
        what = f"The first line of {clean_line(name)} is too long for a passphrase."
        raise LocalError(what, hint=hint)
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        what = f"The first line of {clean_line(name)} is not UTF-8 text."
        raise LocalError(what, hint=hint) from error


def _terminal_exists() -> bool:
    if sys.stdin.isatty():
        return True
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
