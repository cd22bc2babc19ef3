"""Secrets from a file that an option names: a passphrase, a password, 64 digits."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from client.cli.descriptors import descriptor_of
from client.errors import LocalError
from client.text import clean_line

MAX_SECRET_BYTES: Final = 4_096
"""Longer than any sentence; keeps a wrong file (a disk image, /dev/zero) out of memory."""


@dataclass(frozen=True, slots=True)
class SecretKind:
    """What is read, for the words of errors.

    Args:
        noun: as in "the passphrase file".
        option: names the file.
        instead: what else a person can do.
    """

    noun: str
    option: str
    instead: str


PASSPHRASE: Final = SecretKind("passphrase", "--passphrase-file", "to be asked")
PASSWORD: Final = SecretKind("password", "--password-file", "to be asked")
DIGITS: Final = SecretKind("digits", "--digits-file", "to be asked")


def read_secret_line(name: str, kind: SecretKind) -> str:
    """Give the first line of a file, without its end.

    Args:
        name: a path, ``-`` for standard input, or the number of an open descriptor.

    Raises:
        LocalError: it cannot be read, is empty, too long, or not UTF-8.
    """
    line = _read(name, kind, whole=False)
    return _checked(line.removesuffix(b"\n").removesuffix(b"\r"), name, kind)


def read_secret_text(name: str, kind: SecretKind) -> str:
    """Give all of a file, its lines included; as :func:`read_secret_line` otherwise."""
    return _checked(_read(name, kind, whole=True), name, kind)


def _read(name: str, kind: SecretKind, *, whole: bool) -> bytes:
    most = MAX_SECRET_BYTES + 2
    try:
        if name == "-":
            return _read_from(sys.stdin.buffer, most, whole)
        number = descriptor_of(name)
        with Path(name).open("rb") if number is None else os.fdopen(number, "rb") as file:
            return _read_from(file, most, whole)
    except OSError as error:
        raise LocalError(
            f"The {kind.noun} file {clean_line(name)} cannot be read.",
            why=f"The system says: {error.strerror}.",
            hint=f"Name a file that exists, or leave {kind.option} out {kind.instead}.",
        ) from error


def _read_from(file: BinaryIO, most: int, whole: bool) -> bytes:
    return file.read(most) if whole else file.readline(most)


def _checked(value: bytes, name: str, kind: SecretKind) -> str:
    hint = f"Put the {kind.noun} on the first line of the file."
    if not value:
        raise LocalError(f"The {kind.noun} file {clean_line(name)} is empty.", hint=hint)
    if len(value) > MAX_SECRET_BYTES:
        what = f"The first line of {clean_line(name)} is too long for a {kind.noun}."
        raise LocalError(what, hint=hint)
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        what = f"The first line of {clean_line(name)} is not UTF-8 text."
        raise LocalError(what, hint=hint) from error
