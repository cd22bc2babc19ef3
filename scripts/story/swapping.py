"""What the disk lets a relay's operator do: put a key of their own under a name, and put it back.

    account               identity, account key, token, the highest id of a one-time pair
    shelf, one_time       its prekeys
    fetched               pairs handed out, for those who ask again

Only while the relay is stopped. The prekeys that go with the new identity are
uploaded by the operator's own client, as anybody's are.

Spec: docs/relay.md#store
"""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

Row = tuple[Any, ...]

_FIND: Final = (
    "SELECT number, identity, account_key, token_hash, highest_one_time_id"
    " FROM account WHERE name = ?"
)
_REPLACE: Final = (
    "UPDATE account SET identity = ?, account_key = ?, token_hash = ?, highest_one_time_id = ?"
    " WHERE number = ?"
)
_EMPTY: Final = (
    "DELETE FROM shelf WHERE account = ?",
    "DELETE FROM one_time WHERE account = ?",
    "DELETE FROM fetched WHERE account = ?",
)


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """What a relay has on record of an account: Ed25519, 32 bytes each."""

    identity: bytes
    account_key: bytes


@dataclass(frozen=True, slots=True)
class Taken:
    """The rows of an account before its name was taken, to put back."""

    number: int
    account: Row
    shelf: list[Row]
    pairs: list[Row]


def take_name(database: Path, name: str, keys: PublicKeys) -> Taken:
    """Put ``keys`` under ``name``, and nothing beside them; gives what was there."""
    with closing(sqlite3.connect(database)) as connection, connection:
        number, *account = connection.execute(_FIND, (name,)).fetchone()
        shelf = connection.execute("SELECT * FROM shelf WHERE account = ?", (number,))
        pairs = connection.execute("SELECT * FROM one_time WHERE account = ?", (number,))
        taken = Taken(number, tuple(account), shelf.fetchall(), pairs.fetchall())
        _empty(connection, number)
        connection.execute(_REPLACE, (keys.identity, keys.account_key, None, -1, number))
    return taken


def give_back(database: Path, taken: Taken) -> None:
    """Put back what was there."""
    with closing(sqlite3.connect(database)) as connection, connection:
        _empty(connection, taken.number)
        connection.executemany("INSERT INTO shelf VALUES (?, ?, ?, ?)", taken.shelf)
        connection.executemany("INSERT INTO one_time VALUES (?, ?, ?)", taken.pairs)
        connection.execute(_REPLACE, (*taken.account, taken.number))


def _empty(connection: sqlite3.Connection, number: int) -> None:
    for statement in _EMPTY:
        connection.execute(statement, (number,))
