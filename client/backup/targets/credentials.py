"""Credentials of a cloud storage: from the environment or a file, never from a command line.

    GLASSPOST_TARGET_SECRET_ACCESS_KEY=...     secret_access_key = ...

Names are the options of the service in Apache OpenDAL. What both name, the file decides.

Spec: docs/backup.md#targets
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from client.errors import LocalError

_PREFIX: Final = "GLASSPOST_TARGET_"
_LINE: Final = re.compile(r"\s*([a-z][a-z0-9_]*)\s*=\s*(.*?)\s*")
_MAX_BYTES: Final = 65_536
_FOR_OTHERS: Final = 0o077


@dataclass(frozen=True, slots=True)
class Credentials:
    """Options of a service that nobody may see: they do not print."""

    options: Mapping[str, str] = field(default_factory=dict, repr=False)


def credentials_of(environment: Mapping[str, str], file: Path | None = None) -> Credentials:
    """Gather credentials; blocks.

    Raises:
        LocalError: the file cannot be read, is open to others, or has a line that is none. Its
            message names the line's number and shows nothing of it.
    """
    found = {
        name.removeprefix(_PREFIX).lower(): value
        for name, value in environment.items()
        if name.startswith(_PREFIX)
    }
    return Credentials(found | (_in_file(file) if file is not None else {}))


def _in_file(file: Path) -> dict[str, str]:
    options = {}
    for number, line in enumerate(_read_private(file).splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if (found := _LINE.fullmatch(line)) is None:
            raise LocalError(
                f"Line {number} of {file} is no credential.",
                hint="Each line reads: option = value",
            )
        options[found[1]] = found[2]
    return options


def _read_private(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            if file.stat().st_mode & _FOR_OTHERS:
                raise LocalError(
                    f"{file} can be read by other users.", hint=f"Run: chmod 600 {file}"
                )
            return opened.read(_MAX_BYTES).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise LocalError(
            f"The credentials in {file} cannot be read.", hint="Check its path and permissions."
        ) from error
