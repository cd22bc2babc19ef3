"""Opening the encrypted file: the cipher and the durability we promise, asked for and read back.

SQLite ignores a pragma it does not know, and the ordinary build of apsw takes
``PRAGMA key`` in silence and writes plaintext. So every setting is read back,
and the first bytes of a new file are looked at.

The cipher is SQLite3 Multiple Ciphers' default, ChaCha20-Poly1305 on each page
under a key of its own, derived from the raw 32-byte key and the page's nonce; the
write-ahead log holds the same pages.

Spec: docs/formats.md#the-database
"""

from contextlib import suppress
from pathlib import Path
from typing import Final

import apsw

from client.errors import LocalError
from client.store import schema
from client.store.faults import told_in_sentences
from client.store.transaction import run_transaction
from protocol.secret import Secret

_PRIVATE_FILE: Final = 0o600
_PLAIN_SQLITE: Final = b"SQLite format 3\0"

_SETTINGS: Final[tuple[tuple[str, str | int], ...]] = (
    # Longer than any transaction here; after that somebody is stuck.
    ("busy_timeout", 10_000),
    # Readers and the one writer do not wait for each other.
    ("journal_mode", "wal"),
    # Each commit is synced: FULL. With NORMAL a power loss takes the last ones.
    ("synchronous", 2),
    # Sorting never puts plaintext into a file.
    ("temp_store", 2),
    # Keys that are deleted are overwritten with zeros, not only forgotten.
    ("secure_delete", 1),
    ("foreign_keys", 1),
    ("trusted_schema", 0),
    ("cell_size_check", 1),
)


class DatabaseKey(Secret):
    """The raw key of the database file, 32 bytes."""

    __slots__ = ()


def create_database(path: Path, key: DatabaseKey, *, vfs: str = "") -> apsw.Connection:
    """Make a new encrypted database with all tables, and open it.

    Args:
        path: where nothing is yet.
        vfs: SQLite's way to the disk; empty for the ordinary one.

    Raises:
        LocalError: it cannot be written, or this machine cannot encrypt it.
    """
    _require_encryption()
    with suppress(OSError):
        path.touch(_PRIVATE_FILE)  # SQLite itself would go by the umask alone
    connection = _connect(path, key, apsw.SQLITE_OPEN_CREATE, vfs)
    try:
        with told_in_sentences():
            run_transaction(connection, schema.create)
        _require_ciphertext(path)
    except BaseException:
        connection.close()
        raise
    return connection


def open_database_file(path: Path, key: DatabaseKey, *, vfs: str = "") -> apsw.Connection:
    """Open an existing database.

    Args:
        path: a file; an empty or missing one is an error, never a new database.
        vfs: as for :func:`create_database`.

    Raises:
        LocalError: missing, damaged, under another key, not a profile's, or
            of a newer version.
    """
    _require_ciphertext(path)
    _make_private(path)
    connection = _connect(path, key, 0, vfs)
    try:
        with told_in_sentences():
            schema.require_known(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _make_private(path: Path) -> None:
    """Let nobody else open the file; SQLite gives its log and index the same permissions.

    What goes wrong here goes wrong for SQLite too, which tells it in sentences. (By name: closing
    a descriptor of the file would drop the locks of whoever has it open in this process.)
    """
    with suppress(OSError):
        path.chmod(_PRIVATE_FILE)


def _connect(path: Path, key: DatabaseKey, create: int, vfs: str) -> apsw.Connection:
    _require_encryption()
    with told_in_sentences():
        flags = apsw.SQLITE_OPEN_READWRITE | create
        connection = apsw.Connection(str(path), flags, vfs or None)
        try:
            _require_ciphers(connection)
            _set_key(connection, key)
            for name, value in _SETTINGS:
                _set(connection, name, value)
        except BaseException:
            connection.close()
            raise
    return connection


def _require_encryption() -> None:
    if not hasattr(apsw, "mc_version"):
        raise LocalError(
            "This installation cannot encrypt its database.",
            why="The package apsw stands where apsw-sqlite3mc should.",
            hint="Uninstall apsw, then reinstall apsw-sqlite3mc.",
        )


def _require_ciphers(connection: apsw.Connection) -> None:
    """Refuse a way to the disk on which the ciphers are not the uppermost layer.

    Beneath another layer they encrypt the database file, and leave the
    write-ahead log in plaintext.
    """
    if not (connection.vfsname("main") or "").startswith("multipleciphers-"):
        raise LocalError(
            "This installation cannot encrypt its database.",
            why="Something stands between SQLite and its ciphers.",
            hint="Reinstall apsw-sqlite3mc.",
        )


def _set_key(connection: apsw.Connection, key: DatabaseKey) -> None:
    _set(connection, "cipher", "chacha20")
    # "raw:" stands for the key itself; anything else would be stretched like a passphrase.
    if connection.pragma("key", f"raw:{key.expose().hex()}") != "ok":
        raise LocalError("The database's cipher did not take the key.")


def _set(connection: apsw.Connection, name: str, value: str | int) -> None:
    connection.pragma(name, value)
    if connection.pragma(name) != value:
        raise LocalError(
            f"The database does not do {name} = {value}.",
            why="This build of SQLite, or the disk it runs on, does not have it.",
            hint="Keep the profile on a local disk, and reinstall apsw-sqlite3mc.",
        )


def _require_ciphertext(path: Path) -> None:
    """Refuse a file that is none of ours at first sight.

    Raises:
        LocalError: it is missing, empty, or an unencrypted database.
    """
    try:
        with path.open("rb") as file:
            head = file.read(len(_PLAIN_SQLITE))
    except OSError as error:
        raise LocalError(
            f"The database {path} cannot be read.",
            why=f"The system says: {error.strerror}.",
            hint="Put back a copy of the profile's folder, or check its permissions.",
        ) from error
    if len(head) < len(_PLAIN_SQLITE):
        raise LocalError(
            f"The database {path} is cut short.",
            hint="Put back a copy of the profile's folder, or restore a backup.",
        )
    if head == _PLAIN_SQLITE:
        raise LocalError(
            f"The database {path} is not encrypted, so it is not from this program.",
            hint="Put back the profile's own profile.db.",
        )
