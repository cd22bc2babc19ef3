"""The relay's SQLite file, opened by a second process beside the relay.

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
def opened_beside(data: Path) -> Iterator[sqlite3.Connection]:
    """Open the one database in a data folder; nothing is moved unless one asks for it."""
    (path,) = data.glob("*.db")
    with closing(sqlite3.connect(path, timeout=_BUSY_TIMEOUT_S)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        yield connection


def checkpoint(data: Path) -> None:
    """Copy the write-ahead log into the database, as the relay does when it has grown.

    A short story never fills the log; without this the database would hold next to nothing.
    """
    with opened_beside(data) as connection:
        connection.execute("PRAGMA wal_checkpoint(FULL)").fetchall()
