"""Accounts in SQLite."""

import apsw

from protocol.ids import DeviceAddress, Name
from protocol.records import Account
from server.store.interface import NameTaken, UnknownAccount
from server.store.values import StoredAccount

_COLUMNS = "name, device, identity, account_key, generation"


def register(connection: apsw.Connection, account: Account) -> StoredAccount:
    """Take a new account, or know it again; inside a transaction."""
    row = (account.name, account.device, account.identity, account.account_key)
    connection.execute(
        f"INSERT INTO account ({_COLUMNS}) VALUES (?, ?, ?, ?, 1)"  # noqa: S608
        " ON CONFLICT (name) DO NOTHING",
        row,
    )
    found = _by_name(connection, account.name)
    if found is None or (
        (found.address.device, found.identity, found.account_key)
        != (account.device, account.identity, account.account_key)
    ):
        raise NameTaken
    return found


def find(connection: apsw.Connection, address: DeviceAddress) -> StoredAccount:
    """Look an account up, or raise UnknownAccount."""
    found = _by_name(connection, address.name)
    if found is None or found.address != address:
        raise UnknownAccount
    return found


def number_of(connection: apsw.Connection, address: DeviceAddress) -> int:
    """Give the number under which other tables know this account, or raise UnknownAccount."""
    number: int | None = connection.execute(
        "SELECT number FROM account WHERE name = ? AND device = ?", (address.name, address.device)
    ).get
    if number is None:
        raise UnknownAccount
    return number


def numbers_after(connection: apsw.Connection, number: int, most: int) -> list[int]:
    """Give the next account numbers, for walks over all accounts."""
    rows = connection.execute(
        "SELECT number FROM account WHERE number > ? ORDER BY number LIMIT ?", (number, most)
    )
    return [each for (each,) in rows]


def _by_name(connection: apsw.Connection, name: Name) -> StoredAccount | None:
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM account WHERE name = ?",  # noqa: S608
        (name,),
    ).fetchone()
    if row is None:
        return None
    name, device, identity, account_key, generation = row
    return StoredAccount(DeviceAddress(name, device), identity, account_key, generation)
