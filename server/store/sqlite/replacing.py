"""Replacing devices in SQLite: each of these is called inside a transaction."""

from collections.abc import Sequence

import apsw

from protocol.ids import DeviceAddress
from server.store.replacing import hold_of, online_mark, replaced, vetoed
from server.store.sqlite import accounts, mailboxes
from server.store.values import (
    Acknowledgement,
    HeldReplacement,
    Replacement,
    StoredAccount,
    Veto,
)


def mark_online(connection: apsw.Connection, devices: Sequence[DeviceAddress], now_ms: int) -> None:
    """Note in which hour they were online; writes nothing where that is known."""
    mark = online_mark(now_ms)
    connection.executemany(
        "UPDATE account SET last_online_ms = ?1"
        " WHERE name = ?2 AND device = ?3 AND last_online_ms IS NOT ?1",
        [(mark, device.name, device.device) for device in devices],
    )


def replace_device(
    connection: apsw.Connection, wanted: Replacement, hold_ms: int, now_ms: int
) -> StoredAccount | HeldReplacement:
    """Swap the identity and let go of all that was the former device's, or note the hold."""
    account = accounts.find(connection, wanted.device)
    hold = hold_of(account, wanted, hold_ms, now_ms)
    number = accounts.number_of(connection, wanted.device)
    if hold is not None:
        _note(connection, number, hold)
        return hold
    new = replaced(account, wanted)
    _forget_note(connection, number)
    _empty_mailbox(connection, wanted.device, now_ms)
    for table in ("shelf", "one_time", "fetched"):
        connection.execute(f"DELETE FROM {table} WHERE account = ?", (number,))  # noqa: S608
    connection.execute(
        "UPDATE account SET identity = ?, account_key = ?, generation = ?, former_identities = ?,"
        " last_online_ms = NULL, token_hash = NULL, highest_one_time_id = -1 WHERE number = ?",
        (new.identity, new.account_key, new.generation, b"".join(new.former_identities), number),
    )
    return new


def veto_replacement(connection: apsw.Connection, veto: Veto, now_ms: int) -> StoredAccount:
    """Forget the note, and replace the account key."""
    new = vetoed(accounts.find(connection, veto.device), veto, now_ms)
    number = accounts.number_of(connection, veto.device)
    _forget_note(connection, number)
    connection.execute(
        "UPDATE account SET account_key = ?, generation = ? WHERE number = ?",
        (new.account_key, new.generation, number),
    )
    return new


def forget_notes(connection: apsw.Connection, held_until_ms: int) -> None:
    """Forget replacements whose hold was over by ``held_until_ms``."""
    connection.execute("DELETE FROM held_replacement WHERE until_ms <= ?", (held_until_ms,))


def _note(connection: apsw.Connection, number: int, held: HeldReplacement) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO held_replacement VALUES (?, ?, ?, ?)",
        (number, held.new_identity, held.new_account_key, held.until_ms),
    )


def _forget_note(connection: apsw.Connection, number: int) -> None:
    connection.execute("DELETE FROM held_replacement WHERE account = ?", (number,))


def _empty_mailbox(connection: apsw.Connection, device: DeviceAddress, now_ms: int) -> None:
    """Delete all mail that waits, as an acknowledgement of the last envelope does."""
    last: int = connection.execute(
        "SELECT last_sequence FROM account WHERE name = ?", (device.name,)
    ).get
    mailboxes.settle(connection, [], [Acknowledgement(device, last)], now_ms)
