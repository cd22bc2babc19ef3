"""Prekey shelves in SQLite: records are kept packed, as they came."""

from typing import TypeVar

import apsw

from protocol.ids import DeviceAddress, FetchId
from protocol.limits import MAX_FRAME_BYTES, MAX_ONE_TIME_PAIRS, ONE_TIME_ID_SPAN
from protocol.packing import pack, unpack_untrusted
from protocol.records import (
    OneTimePair,
    PrekeyBundle,
    SignedKemPrekey,
    SignedPrekey,
    SignedSealingKey,
)
from server.store.derived import bundle_of
from server.store.interface import NoPrekeys, ShelfFull
from server.store.sqlite import accounts
from server.store.values import PrekeyUpload, SealingKeyOnRecord, TakenBundle

T = TypeVar("T")


def put(
    connection: apsw.Connection, owner: DeviceAddress, upload: PrekeyUpload, only_for: bytes | None
) -> int:
    """Replace the long-lived keys, add pairs with new ids; inside a transaction.

    Pairs far behind the newest id leave: their owner skipped ids to be rid of them.
    """
    number = accounts.number_of(connection, owner, only_for)
    highest: int = connection.execute(
        "SELECT highest_one_time_id FROM account WHERE number = ?", (number,)
    ).get
    new = {p.kem.key_id: p for p in upload.one_time_pairs if p.kem.key_id > highest}
    connection.execute(
        "DELETE FROM one_time WHERE account = ? AND key_id <= ?",
        (number, max([highest, *new]) - ONE_TIME_ID_SPAN),
    )
    long_lived = (upload.signed_prekey, upload.last_resort, upload.sealing_key)
    connection.execute(
        "INSERT OR REPLACE INTO shelf VALUES (?, ?, ?, ?)", (number, *map(pack, long_lived))
    )
    connection.executemany(
        "INSERT INTO one_time VALUES (?, ?, ?)",
        [(number, key_id, pack(pair)) for key_id, pair in new.items()],
    )
    connection.execute(
        "UPDATE account SET highest_one_time_id = ? WHERE number = ?",
        (max([highest, *new]), number),
    )
    if (stored := _count(connection, number)) > MAX_ONE_TIME_PAIRS:
        raise ShelfFull
    return stored


def count(connection: apsw.Connection, owner: DeviceAddress) -> int:
    """Count the pairs on the shelf; 0 for an unknown device."""
    number: int = connection.execute(
        "SELECT count(*) FROM one_time WHERE account ="
        " (SELECT number FROM account WHERE name = ? AND device = ?)",
        (owner.name, owner.device),
    ).get
    return number


def take(
    connection: apsw.Connection, owner: DeviceAddress, fetch_id: FetchId, now_ms: int
) -> TakenBundle:
    """Hand out a bundle, each pair once, and to each fetch id the same; inside a transaction."""
    number = accounts.number_of(connection, owner)
    packed = connection.execute(
        "SELECT bundle FROM fetched WHERE account = ? AND fetch_id = ?", (number, fetch_id)
    ).get
    if packed is not None:
        bundle = _unpacked(PrekeyBundle, packed)
        return TakenBundle(bundle, _count(connection, number), took_pair=False)
    account = accounts.find(connection, owner)
    keys = _long_lived_keys(connection, number)
    pair = _pop_pair(connection, number)
    bundle = bundle_of(account.identity, keys, pair)
    if pair is not None:
        connection.execute(
            "INSERT INTO fetched VALUES (?, ?, ?, ?)", (number, fetch_id, now_ms, pack(bundle))
        )
    return TakenBundle(bundle, _count(connection, number), took_pair=pair is not None)


def sealing_key(connection: apsw.Connection, owner: DeviceAddress) -> SealingKeyOnRecord:
    """Give the sealing key and the identity it belongs to."""
    account = accounts.find(connection, owner)
    keys = _long_lived_keys(connection, accounts.number_of(connection, owner))
    return SealingKeyOnRecord(account.identity, keys.sealing_key)


def forget_fetches(connection: apsw.Connection, before_ms: int) -> None:
    """Forget fetch ids of ``before_ms`` and earlier; inside a transaction."""
    connection.execute("DELETE FROM fetched WHERE fetched_ms <= ?", (before_ms,))


def _count(connection: apsw.Connection, number: int) -> int:
    found: int = connection.execute(
        "SELECT count(*) FROM one_time WHERE account = ?", (number,)
    ).get
    return found


def _long_lived_keys(connection: apsw.Connection, number: int) -> PrekeyUpload:
    row = connection.execute(
        "SELECT signed_prekey, last_resort, sealing_key FROM shelf WHERE account = ?", (number,)
    ).fetchone()
    if row is None:
        raise NoPrekeys
    signed, last_resort, sealing = row
    return PrekeyUpload(
        _unpacked(SignedPrekey, signed),
        _unpacked(SignedKemPrekey, last_resort),
        _unpacked(SignedSealingKey, sealing),
        one_time_pairs=(),
    )


def _pop_pair(connection: apsw.Connection, number: int) -> OneTimePair | None:
    row = connection.execute(
        "SELECT key_id, pair FROM one_time WHERE account = ? ORDER BY key_id LIMIT 1", (number,)
    ).fetchone()
    if row is None:
        return None
    key_id, pair = row
    connection.execute("DELETE FROM one_time WHERE account = ? AND key_id = ?", (number, key_id))
    return _unpacked(OneTimePair, pair)


def _unpacked(cls: type[T], packed: bytes) -> T:
    return unpack_untrusted(cls, packed, MAX_FRAME_BYTES)
