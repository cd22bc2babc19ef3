"""What the global options say, wherever they stood."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

DEFAULT_RELAY: Final = "127.0.0.1:7667"


@dataclass(frozen=True, slots=True)
class Settings:
    """The global options.

    Attributes:
        home: the folder of profiles; None for the environment's or the user's own.
        as_name: the profile's name as typed.
        relay: a relay address as typed.
        json: one JSON object a line instead of words.
        passphrase_file: a path, ``-`` for standard input, or a descriptor's number.
    """

    home: Path | None = None
    as_name: str | None = None
    relay: str | None = None
    json: bool = False
    passphrase_file: str | None = None
