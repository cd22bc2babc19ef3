"""What every function of the store takes: a transaction that is under way.

It commits when the function returns and rolls back when it raises. Nothing that
a function read in one transaction is true in the next: another process may
have written in between.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import apsw

T = TypeVar("T")

Row = tuple[Any, ...]
Parameters = Sequence[int | float | bytes | str | None]

_MOST: Final = (1 << 63) - 2


def storable(number: int) -> int:
    """Cut a u64 of the far side down to what SQLite holds (and below what we use as a mark)."""
    return min(number, _MOST)


def may_be_cut(number: int) -> bool:
    """Tell whether a number that was read back may have been larger before it was stored."""
    return number == _MOST


class Transaction:
    """A cursor inside BEGIN ... COMMIT; do not keep it."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def execute(self, sql: str, parameters: Parameters = ()) -> int:
        """Run one statement that gives no rows; give the number of rows it changed."""
        self._connection.execute(sql, parameters)
        return self._connection.changes()

    def execute_many(self, sql: str, rows: Iterable[Parameters]) -> None:
        """Run one statement that gives no rows for each of ``rows``."""
        self._connection.executemany(sql, rows)

    def insert(self, sql: str, parameters: Parameters = ()) -> int:
        """Run one INSERT; give the row id it took."""
        self._connection.execute(sql, parameters)
        return self._connection.last_insert_rowid()

    def all(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """Run one query; give all rows."""
        return self._connection.execute(sql, parameters).fetchall()

    def stream(self, sql: str, parameters: Parameters = ()) -> Iterator[Row]:
        """Run one query; give its rows as they are asked for, in this transaction only."""
        return iter(self._connection.execute(sql, parameters))

    def one(self, sql: str, parameters: Parameters = ()) -> Row | None:
        """Run one query; give its first row, or None."""
        rows = self.all(sql, parameters)
        return rows[0] if rows else None

    def value(self, sql: str, parameters: Parameters = ()) -> Any:
        """Run one query; give the first column of its first row, or None."""
        row = self.one(sql, parameters)
        return None if row is None else row[0]

    @contextmanager
    def undoing(self) -> Iterator[None]:
        """Undo what the block wrote, and only that, if it raises; then go on raising."""
        with self._connection:  # a savepoint
            yield


def run_transaction(connection: apsw.Connection, function: Callable[[Transaction], T]) -> T:
    """Run ``function`` in a writing transaction.

    It locks at its beginning (BEGIN IMMEDIATE): a transaction that read first
    and asked for the lock later would be refused at once when another process
    wrote meanwhile, whatever the busy timeout.
    """
    connection.execute("BEGIN IMMEDIATE")
    return _conclude(connection, "COMMIT", function)


def run_reading(connection: apsw.Connection, function: Callable[[Transaction], T]) -> T:
    """Run ``function`` on one unchanging view of the database; what it writes is dropped."""
    connection.execute("BEGIN")
    return _conclude(connection, "ROLLBACK", function)


def _conclude(connection: apsw.Connection, end: str, function: Callable[[Transaction], T]) -> T:
    try:
        result = function(Transaction(connection))
        connection.execute(end)
    except BaseException:
        # SQLite itself rolls back after some errors (a full disk, a failing one).
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return result
