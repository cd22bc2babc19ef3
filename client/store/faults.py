"""The one seam where SQLite's errors become sentences for a person.

What is not in the table (a wrong SQL statement, a broken constraint) is a bug
of ours and passes through as it is.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import apsw

from client.errors import LocalError


@dataclass(frozen=True, slots=True)
class _Sentences:
    what: str
    why: str = ""
    hint: str = ""


_DAMAGED = _Sentences(
    "The database of this profile is damaged, or belongs to another profile.key.",
    "A page of it does not decrypt under the key.",
    "Put back a copy of the profile's folder, or restore a backup.",
)
_DISK = _Sentences(
    "The disk failed to read or write the database.",
    "The system reported an input/output error.",
    "Check the disk. Nothing was half-done; try again when it works.",
)

_SENTENCES: Final[dict[type[apsw.Error], _Sentences]] = {
    apsw.FullError: _Sentences(
        "The disk is full: nothing was stored, nothing was lost.",
        hint="Make room and try again.",
    ),
    apsw.NotADBError: _DAMAGED,
    apsw.CorruptError: _DAMAGED,
    apsw.IOError: _DISK,
    apsw.BusyError: _Sentences(
        "Another process of this profile kept the database locked.",
        "It may be stopped in the middle of a write.",
        "Look for other running glasspost commands, and try again.",
    ),
    apsw.ReadOnlyError: _Sentences(
        "The database of this profile may not be written.",
        "Its file, folder or disk is read-only.",
        "Check the permissions of the profile's folder.",
    ),
    apsw.CantOpenError: _Sentences(
        "The database of this profile cannot be opened.",
        "It is missing, or its folder may not be read or written.",
        "Check the permissions of the profile's folder.",
    ),
    apsw.NoMemError: _Sentences(
        "There is not enough memory for the database.",
        hint="Close other programs and try again.",
    ),
}
_SENTENCES[apsw.PermissionsError] = _SENTENCES[apsw.ReadOnlyError]
_SENTENCES[apsw.LockedError] = _SENTENCES[apsw.ProtocolError] = _SENTENCES[apsw.BusyError]


@contextmanager
def told_in_sentences() -> Iterator[None]:
    """Turn the errors of the environment that SQLite reports into LocalError.

    Raises:
        LocalError: a full, failing or read-only disk, a damaged file, a lock
            that was not released.
    """
    try:
        yield
    except tuple(_SENTENCES) as error:
        sentences = _SENTENCES[type(error)]
        raise LocalError(sentences.what, why=sentences.why, hint=sentences.hint) from error
