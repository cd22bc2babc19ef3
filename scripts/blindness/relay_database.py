"""The relay's SQLite files, opened by a second process beside the relay.

Only while the relay runs: the last connection to close a database moves its
write-ahead log into it, and a thief of a dead relay's disk finds that still there.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

_BUSY_TIMEOUT_S: Final = 5.0


@contextmanager
def opened_beside(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a database of a data folder; nothing is moved unless one asks for it."""
    with closing(sqlite3.connect(path, timeout=_BUSY_TIMEOUT_S)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        yield connection


def checkpoint(data: Path) -> None:
    """Copy the write-ahead logs into their databases, as the relay does when they have grown.

    A short story never fills the log; without this the database would hold next to nothing.
    """
    for path in sorted(data.glob("*.db")):
        with opened_beside(path) as connection:
            connection.execute("PRAGMA wal_checkpoint(FULL)").fetchall()
