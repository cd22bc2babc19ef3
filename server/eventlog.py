"""The relay's structured log: one JSON object a line, and never a payload.

    {"at_ms": 1700000000000, "event": "committed", "envelopes": 12, "bytes": 62400}

Only numbers, booleans and short words get in; bytes are a TypeError, so that no
envelope, key or signature can slip into a log by accident. Names of users may
appear: the relay knows them anyway (docs/threat-model.md).
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final, TextIO

Value = str | int | bool | None

# Two files of this size: some days of an ordinary relay, and a bound for a hostile one.
MAX_LOG_BYTES: Final = 8_388_608

_MAX_WORD_CHARACTERS: Final = 300


class EventLog:
    """Writes events to a file, a stream, or nowhere.

    A log that cannot be written must not stop the mail: such lines are dropped.
    """

    def __init__(self, now_ms: Callable[[], int], write_line: Callable[[str], None]) -> None:
        """Log through ``write_line``, which gets a line without its end."""
        self._now_ms = now_ms
        self._write_line = write_line

    def event(self, event: str, **fields: Value) -> None:
        """Log ``event``.

        Raises:
            TypeError: a field is not a number, boolean, word or None.
        """
        for name, value in fields.items():
            if not isinstance(value, str | int | None):
                raise TypeError(f"{name} is a {type(value).__name__}: the log takes no such thing")
        line = {"at_ms": self._now_ms(), "event": event} | {
            name: value[:_MAX_WORD_CHARACTERS] if isinstance(value, str) else value
            for name, value in fields.items()
        }
        self._write_line(json.dumps(line))


def to_nowhere(_line: str) -> None:
    """Drop a line."""


def to_stream(stream: TextIO) -> Callable[[str], None]:
    """Write lines to ``stream``, each at once."""

    def write(line: str) -> None:
        try:
            stream.write(line + "\n")
            stream.flush()
        except (OSError, ValueError):
            pass  # nobody reads any more

    return write


class LogFile:
    """A log file of bounded size, and the one before it with the ending ``.1``."""

    def __init__(self, path: Path, most_bytes: int = MAX_LOG_BYTES) -> None:
        """Append to ``path``; raises OSError if that is not possible."""
        self._path = path
        self._most_bytes = most_bytes
        self._open()

    def __call__(self, line: str) -> None:
        """Write one line."""
        try:
            # Unbuffered: a line is in the file, or lost, when it has been written.
            self._size += os.write(self._file, line.encode() + b"\n")
            if self._size > self._most_bytes and self._path.is_file():
                self._turn()
        except OSError:
            pass  # a full disk: the mail matters more

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _open(self) -> None:
        self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._size = os.fstat(self._file).st_size

    def _turn(self) -> None:
        self._path.replace(self._path.with_name(self._path.name + ".1"))
        os.close(self._file)
        self._open()
