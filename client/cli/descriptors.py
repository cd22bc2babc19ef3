"""Descriptors that an option names by number."""

import fcntl
import os
from pathlib import Path

from client.errors import LocalError


def descriptor_of(name: str) -> int | None:
    """Give the descriptor that ``name`` means; None if it is a path or ``-``."""
    if name.isascii() and name.isdecimal() and not Path(name).exists():
        return int(name)
    return None


def require_open(name: str) -> None:
    """Refuse the number of a descriptor that nobody opened for us.

    To be called before an event loop begins: the loop opens descriptors of its own, and a number
    that was free until then would be one of those, to be read and closed under its feet.

    Raises:
        LocalError: no descriptor of this number is open for reading.
    """
    number = descriptor_of(name)
    if number is None or _is_readable(number):
        return
    raise LocalError(
        f"There is no file {name}, and descriptor {name} is not open for reading.",
        hint=f"Name a file, or open the descriptor in the shell: {name}< FILE.",
    )


def _is_readable(number: int) -> bool:
    try:
        mode = fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE
    except (OSError, OverflowError):
        return False
    return mode != os.O_WRONLY
