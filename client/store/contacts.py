"""Peers: the identity pinned for a name, and where the counters stand.

A row exists from the first message in either direction; the pin comes with the
first key. ``series`` numbers the runs of a contact's counters: a new device of
theirs starts counting at 1 again, and must not sort before all it ever said.

Spec: docs/formats.md#contacts
"""

from dataclasses import dataclass
from typing import Final

from client.store.transaction import Row, Transaction
from protocol.ids import Name

TABLE: Final = (
    """
    CREATE TABLE contacts (
        name TEXT PRIMARY KEY,
        identity BLOB CHECK (length(identity) = 32),
        verified INTEGER NOT NULL DEFAULT 0,
        blocked INTEGER NOT NULL DEFAULT 0,
        pending_identity BLOB CHECK (length(pending_identity) = 32),
        series INTEGER NOT NULL DEFAULT 1,
        last_counter INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID
    """,
)


@dataclass(frozen=True, slots=True)
class Pin:
    """What this profile believes about a peer's identity.

    Args:
        identity: pinned Ed25519 key, 32 bytes; None before the first contact.
        verified: a person compared the safety number.
        pending_identity: another key that the relay vouches for; a person decides.
        series: which run of the peer's counters we are in.
        blocked: what they send is not shown, and nothing is written to them.
    """

    name: Name
    identity: bytes | None = None
    verified: bool = False
    pending_identity: bytes | None = None
    series: int = 1
    blocked: bool = False


def find(tx: Transaction, name: Name) -> Pin:
    """Give what is known about ``name``: nothing, if there is no row."""
    row = tx.one(
        "SELECT name, identity, verified, pending_identity, series, blocked"
        " FROM contacts WHERE name = ?",
        (name,),
    )
    return Pin(name) if row is None else _pin(row)


def everyone(tx: Transaction) -> list[Pin]:
    """Give what is known about every contact, by name."""
    rows = tx.all(
        "SELECT name, identity, verified, pending_identity, series, blocked"
        " FROM contacts ORDER BY name"
    )
    return [_pin(row) for row in rows]


def is_known(tx: Transaction, name: Name) -> bool:
    """Tell whether anything was ever written to or heard from ``name``."""
    return tx.value("SELECT 1 FROM contacts WHERE name = ?", (name,)) is not None


def put(tx: Transaction, pin: Pin) -> None:
    """Note what a backup knows about a contact, in place of all but its counter."""
    tx.execute(
        "INSERT INTO contacts (name, identity, verified, pending_identity, series, blocked)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET identity = excluded.identity,"
        " verified = excluded.verified, pending_identity = excluded.pending_identity,"
        " series = excluded.series, blocked = excluded.blocked",
        (pin.name, pin.identity, pin.verified, pin.pending_identity, pin.series, pin.blocked),
    )


def know(tx: Transaction, name: Name) -> None:
    """Have a row for ``name``; nothing changes if there is one."""
    tx.execute("INSERT OR IGNORE INTO contacts (name) VALUES (?)", (name,))


def set_blocked(tx: Transaction, name: Name, *, blocked: bool) -> None:
    """Note that ``name`` is blocked, or is not any more."""
    tx.execute("UPDATE contacts SET blocked = ? WHERE name = ?", (blocked, name))


def in_question(tx: Transaction) -> list[Name]:
    """Give the names with an identity that a person has to decide about."""
    rows = tx.all("SELECT name FROM contacts WHERE pending_identity IS NOT NULL ORDER BY name")
    return [Name(name) for (name,) in rows]


def pin(tx: Transaction, name: Name, identity: bytes) -> None:
    """Pin the first identity that ``name`` shows."""
    know(tx, name)
    tx.execute("UPDATE contacts SET identity = ? WHERE name = ?", (identity, name))


def set_verified(tx: Transaction, name: Name) -> None:
    """Note that a person has compared the pinned identity."""
    tx.execute("UPDATE contacts SET verified = 1 WHERE name = ?", (name,))


def set_pending(tx: Transaction, name: Name, identity: bytes | None) -> None:
    """Note the identity a person has to decide about, or that there is none any more."""
    tx.execute("UPDATE contacts SET pending_identity = ? WHERE name = ?", (identity, name))


def replace_pin(tx: Transaction, name: Name, identity: bytes, *, verified: bool) -> None:
    """Pin another identity in the place of the former; its counters start again."""
    tx.execute(
        "UPDATE contacts SET identity = ?, verified = ?, pending_identity = NULL,"
        " series = series + 1 WHERE name = ?",
        (identity, verified, name),
    )


def next_counter(tx: Transaction, name: Name) -> int:
    """Take the next number for a message of ours to ``name``, from 1."""
    know(tx, name)
    counter: int = tx.value(
        "UPDATE contacts SET last_counter = last_counter + 1 WHERE name = ? RETURNING last_counter",
        (name,),
    )
    return counter


def last_counter(tx: Transaction, name: Name) -> int:
    """Give the number of our newest message to ``name`` that was encrypted, 0 before the first."""
    know(tx, name)
    counter: int = tx.value("SELECT last_counter FROM contacts WHERE name = ?", (name,))
    return counter


def _pin(row: Row) -> Pin:
    name, identity, verified, pending_identity, series, blocked = row
    return Pin(Name(name), identity, bool(verified), pending_identity, series, bool(blocked))
