"""Opening a service's database, or saying exactly why not; transactions; foreign errors.

Spec: docs/relay.md#store
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw

from protocol.errors import DamagedState, WireError
from server.store.interface import StoreError, StoreTrouble
from server.store.sqlite.schema import PAGE_BYTES, PRAGMAS, RELAY_DATABASE, Schema


class DatabaseRefused(StoreError):
    """The file is not one that this service may open and change."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def open_database(path: Path, vfs: str | None, schema: Schema = RELAY_DATABASE) -> apsw.Connection:
    """Open the database, making it if there is none.

    Args:
        path: the file.
        vfs: the name of an apsw VFS, or None for the system's.
        schema: what it must be, or becomes.

    Raises:
        DatabaseRefused: it belongs to another program, a newer service, or is damaged.
        StoreTrouble: the environment does not allow it.
    """
    try:
        with translated():
            connection = apsw.Connection(str(path), vfs=vfs)
            _require_ours(connection, schema)
            _apply_settings(connection, schema)
            _make_tables(connection, schema)
    except StoreTrouble as error:
        if isinstance(error.__cause__, apsw.NotADBError | apsw.CorruptError):
            raise DatabaseRefused("it is damaged, or not a database at all") from error
        raise
    return connection


def ask(connection: apsw.Connection, query: str) -> Any:
    """Give the one value of ``query``."""
    return connection.execute(query).get


@contextmanager
def transaction(connection: apsw.Connection) -> Iterator[None]:
    """Do everything inside or nothing; durable when it ends.

    IMMEDIATE, because a deferred transaction that turns into a writing one
    ignores the busy timeout.

    Raises:
        StoreTrouble: the database could not; nothing was changed.
    """
    with translated():
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


@contextmanager
def translated() -> Iterator[None]:
    """Turn SQLite's errors into StoreTrouble; the one seam for them.

    Their text is SQLite's own ("database or disk is full"): it holds no values.
    """
    try:
        yield
    except apsw.Error as error:
        raise StoreTrouble(str(error) or type(error).__name__) from error
    except (WireError, DamagedState) as error:
        raise StoreTrouble("a stored record does not decode") from error


def _require_ours(connection: apsw.Connection, schema: Schema) -> None:
    application_id = ask(connection, "PRAGMA application_id")
    version = ask(connection, "PRAGMA user_version")
    is_empty = ask(connection, "SELECT count(*) FROM sqlite_schema") == 0
    if is_empty and application_id == version == 0:
        return
    if application_id != schema.application_id:
        raise DatabaseRefused("it is the database of another program")
    of, known = schema.service, schema.version
    if version > known:
        raise DatabaseRefused(
            f"it was written by a newer {of} (schema {version}, known here: {known})"
        )
    if version < known:
        raise DatabaseRefused(f"it is of a {of} that was never released (schema {version})")


def _apply_settings(connection: apsw.Connection, schema: Schema) -> None:
    connection.execute(f"PRAGMA page_size = {PAGE_BYTES}").fetchall()
    for name, wanted in (*PRAGMAS, *schema.settings):
        connection.execute(f"PRAGMA {name} = {wanted}").fetchall()
        found = ask(connection, f"PRAGMA {name}")
        if found != wanted:
            raise StoreTrouble(f"PRAGMA {name} is {found}, and must be {wanted}")


def _make_tables(connection: apsw.Connection, schema: Schema) -> None:
    with transaction(connection):
        if ask(connection, "PRAGMA user_version") == schema.version:
            return
        connection.execute(schema.tables).fetchall()
        connection.execute(f"PRAGMA application_id = {schema.application_id}").fetchall()
        connection.execute(f"PRAGMA user_version = {schema.version}").fetchall()
