"""Our prekeys: private halves, signed public records, and ids that are never used twice.

    made ──▶ uploaded ──▶ retired ──▶ deleted, 35 days later       signed, last resort, sealing
    made ──▶ deleted by the first message that uses it             one-time

Spec: docs/protocol.md#prekeys, docs/formats.md#prekeys
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from client.store.transaction import Transaction, storable
from protocol.limits import (
    MAX_ONE_TIME_PAIRS,
    ONE_TIME_ID_SPAN,
    ONE_TIME_PAIRS_COUNT,
    RETIRED_PREKEY_LIFE_MS,
)

TABLE: Final = (
    """
    CREATE TABLE prekeys (
        kind TEXT NOT NULL,
        key_id INTEGER NOT NULL,
        issued_at_ms INTEGER NOT NULL,
        retired_at_ms INTEGER,
        uploaded INTEGER NOT NULL DEFAULT 0,
        private BLOB NOT NULL,
        record BLOB NOT NULL,
        PRIMARY KEY (kind, key_id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE TABLE prekey_ids (kind TEXT PRIMARY KEY, last_id INTEGER NOT NULL) STRICT",
)

MAX_ONE_TIME_PRIVATES: Final = 1_000
"""Private pairs kept: five shelves full. A relay that loses every upload costs no more."""

_TIDY_ONE_TIME_PRIVATES: Final = MAX_ONE_TIME_PRIVATES - ONE_TIME_PAIRS_COUNT
"""Left after a confirmed upload: with them there is room for a whole refill."""


class PrekeyKind(StrEnum):
    """Each kind counts its ids by itself."""

    SIGNED = "signed"
    LAST_RESORT = "last resort"
    ONE_TIME = "one-time"
    SEALING = "sealing"


MEDIUM_LIVED: Final = (PrekeyKind.SIGNED, PrekeyKind.LAST_RESORT, PrekeyKind.SEALING)
"""The kinds that rotate together."""


@dataclass(frozen=True, slots=True, repr=False)
class StoredPrekey:
    """A prekey as bytes: ``private`` is a secret, ``record`` the packed public one."""

    kind: PrekeyKind
    key_id: int
    issued_at_ms: int
    private: bytes
    record: bytes


def next_id(tx: Transaction, kind: PrekeyKind) -> int:
    """Take the next id of ``kind``, from 1; it is never given again."""
    key_id: int = tx.value(
        "INSERT INTO prekey_ids VALUES (?, 1)"
        " ON CONFLICT (kind) DO UPDATE SET last_id = last_id + 1 RETURNING last_id",
        (kind,),
    )
    return key_id


def add(tx: Transaction, prekey: StoredPrekey) -> None:
    """Store a prekey, before anybody else hears of it."""
    tx.execute(
        "INSERT INTO prekeys (kind, key_id, issued_at_ms, private, record) VALUES (?, ?, ?, ?, ?)",
        (prekey.kind, prekey.key_id, prekey.issued_at_ms, prekey.private, prekey.record),
    )


def private_half(tx: Transaction, kind: PrekeyKind, key_id: int) -> bytes | None:
    """Give the private half of a prekey, or None if it is gone or never was."""
    private: bytes | None = tx.value(
        "SELECT private FROM prekeys WHERE kind = ? AND key_id = ?", (kind, key_id)
    )
    return private


def newest(tx: Transaction, kind: PrekeyKind) -> StoredPrekey | None:
    """Give the newest prekey of ``kind``, or None."""
    row = tx.one(
        "SELECT key_id, issued_at_ms, private, record FROM prekeys WHERE kind = ?"
        " ORDER BY key_id DESC LIMIT 1",
        (kind,),
    )
    return None if row is None else StoredPrekey(kind, *row)


def has_record(tx: Transaction, kind: PrekeyKind, key_id: int, record: bytes) -> bool:
    """Tell whether a public record is that of a prekey of ours that is still here."""
    stored = tx.value("SELECT record FROM prekeys WHERE kind = ? AND key_id = ?", (kind, key_id))
    return bool(stored == record)


def skip_ids(tx: Transaction) -> None:
    """Leave out ONE_TIME_ID_SPAN ids of every kind: an older copy of this file gave them already.

    The relay drops the one-time pairs that fall so far behind.
    """
    tx.execute("UPDATE prekey_ids SET last_id = last_id + ?", (ONE_TIME_ID_SPAN,))


def is_uploaded(tx: Transaction, kind: PrekeyKind, key_id: int) -> bool:
    """Tell whether the relay has confirmed this prekey."""
    uploaded = tx.value(
        "SELECT uploaded FROM prekeys WHERE kind = ? AND key_id = ?", (kind, key_id)
    )
    return bool(uploaded)


def mark_uploaded(tx: Transaction, kind: PrekeyKind, key_id: int, now_ms: int) -> None:
    """Note that the relay hands out this prekey now; older ones of its kind are retired."""
    tx.execute("UPDATE prekeys SET uploaded = 1 WHERE kind = ? AND key_id = ?", (kind, key_id))
    tx.execute(
        "UPDATE prekeys SET retired_at_ms = ? WHERE kind = ? AND key_id < ?"
        " AND retired_at_ms IS NULL",
        (storable(now_ms), kind, key_id),
    )


def mark_uploaded_one_time(tx: Transaction, key_id: int) -> None:
    """Note that the relay has confirmed a one-time pair; it replaces no other."""
    tx.execute(
        "UPDATE prekeys SET uploaded = 1 WHERE kind = ? AND key_id = ?",
        (PrekeyKind.ONE_TIME, key_id),
    )


def delete(tx: Transaction, kind: PrekeyKind, key_id: int) -> None:
    """Delete a prekey: a one-time pair that was used, or that the relay refused."""
    tx.execute("DELETE FROM prekeys WHERE kind = ? AND key_id = ?", (kind, key_id))


def not_after(tx: Transaction, now_ms: int) -> None:
    """Let prekeys whose retirement is dated ahead of ``now_ms`` count as retired then."""
    tx.execute(
        "UPDATE prekeys SET retired_at_ms = ?1 WHERE retired_at_ms > ?1", (storable(now_ms),)
    )


def delete_expired(tx: Transaction, now_ms: int) -> list[tuple[PrekeyKind, int]]:
    """Delete prekeys that were retired 35 days ago; tell which."""
    rows = tx.all(
        "DELETE FROM prekeys WHERE retired_at_ms < ? RETURNING kind, key_id",
        (storable(now_ms) - RETIRED_PREKEY_LIFE_MS,),
    )
    return [(PrekeyKind(kind), key_id) for kind, key_id in rows]


def delete_surplus_one_time(tx: Transaction) -> None:
    """Delete the oldest one-time pairs, if there are too many; call it after a confirmed upload.

    The newest MAX_ONE_TIME_PAIRS confirmed ones stay in any case: the relay hands out the oldest
    first, so what it has of the confirmed ones is among them.
    """
    tx.execute(
        "DELETE FROM prekeys WHERE kind = ?1 AND key_id IN ("
        " SELECT key_id FROM prekeys WHERE kind = ?1 AND key_id NOT IN ("
        "  SELECT key_id FROM prekeys WHERE kind = ?1 AND uploaded ORDER BY key_id DESC LIMIT ?2)"
        " ORDER BY key_id DESC LIMIT -1 OFFSET ?3)",
        (PrekeyKind.ONE_TIME, MAX_ONE_TIME_PAIRS, _TIDY_ONE_TIME_PRIVATES - MAX_ONE_TIME_PAIRS),
    )


def count(tx: Transaction, kind: PrekeyKind) -> int:
    """Count the private halves of ``kind`` that are kept."""
    found: int = tx.value("SELECT count(*) FROM prekeys WHERE kind = ?", (kind,))
    return found
