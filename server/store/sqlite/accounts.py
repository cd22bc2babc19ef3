"""Accounts in SQLite."""

import apsw

from protocol.ids import DeviceAddress, Name
from protocol.records import Account
from server.store.interface import IdentityReplaced, NameTaken, UnknownAccount
from server.store.values import HeldReplacement, StoredAccount

_IDENTITY_BYTES = 32


def register(connection: apsw.Connection, account: Account) -> StoredAccount:
    """Take a new account, or know it again; inside a transaction."""
    row = (account.name, account.device, account.identity, account.account_key)
    connection.execute(
        "INSERT INTO account (name, device, identity, account_key, generation)"
        " VALUES (?, ?, ?, ?, 1) ON CONFLICT (name) DO NOTHING",
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


def number_of(
    connection: apsw.Connection, address: DeviceAddress, only_for: bytes | None = None
) -> int:
    """Give the number under which other tables know this account, or raise UnknownAccount.

    Raises IdentityReplaced if its identity is another one than ``only_for``.
    """
    row = connection.execute(
        "SELECT number, identity FROM account WHERE name = ? AND device = ?",
        (address.name, address.device),
    ).fetchone()
    if row is None:
        raise UnknownAccount
    number: int = row[0]
    if only_for not in (None, row[1]):
        raise IdentityReplaced
    return number


def numbers_after(connection: apsw.Connection, number: int, most: int) -> list[int]:
    """Give the next account numbers, for walks over all accounts."""
    rows = connection.execute(
        "SELECT number FROM account WHERE number > ? ORDER BY number LIMIT ?", (number, most)
    )
    return [each for (each,) in rows]


def _by_name(connection: apsw.Connection, name: Name) -> StoredAccount | None:
    row = connection.execute(
        "SELECT device, identity, account_key, generation, last_online_ms, former_identities,"
        " new_identity, new_account_key, until_ms"
        " FROM account LEFT JOIN held_replacement ON account = number WHERE name = ?",
        (name,),
    ).fetchone()
    if row is None:
        return None
    device, identity, account_key, generation, last_online_ms, former, *noted = row
    return StoredAccount(
        DeviceAddress(name, device),
        identity,
        account_key,
        generation,
        last_online_ms,
        _cut(former),
        None if noted[-1] is None else HeldReplacement(*noted),
    )


def _cut(identities: bytes) -> tuple[bytes, ...]:
    """Cut former identities, which are kept one behind the other."""
    starts = range(0, len(identities), _IDENTITY_BYTES)
    return tuple(identities[start : start + _IDENTITY_BYTES] for start in starts)
