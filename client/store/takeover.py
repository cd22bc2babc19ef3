"""A replacement of the device that is under way: begun by this profile, or announced to it.

Spec: docs/formats.md#takeover-and-announcement
"""

from dataclasses import dataclass
from typing import Final

from client.store.transaction import Transaction, storable
from client.values import TakeoverAnnounced

TABLE: Final = (
    """
    CREATE TABLE takeover (
        row_id INTEGER PRIMARY KEY CHECK (row_id = 1),
        replaced_identity BLOB NOT NULL CHECK (length(replaced_identity) = 32),
        until_ms INTEGER
    ) STRICT
    """,
    """
    CREATE TABLE announcement (
        row_id INTEGER PRIMARY KEY CHECK (row_id = 1),
        new_identity BLOB NOT NULL CHECK (length(new_identity) = 32),
        until_ms INTEGER NOT NULL
    ) STRICT
    """,
)


@dataclass(frozen=True, slots=True)
class Takeover:
    """What this profile is about to do: its name belongs to another device still.

    Args:
        replaced_identity: of that device, 32 bytes.
        until_ms: when the relay lets it through (relay time); None while it has not said.
    """

    replaced_identity: bytes
    until_ms: int | None


def begin(tx: Transaction, replaced_identity: bytes) -> None:
    """Note whose place this profile is to take (a 32-byte identity)."""
    tx.execute("INSERT INTO takeover VALUES (1, ?, NULL)", (replaced_identity,))


def hold(tx: Transaction, until_ms: int) -> None:
    """Note that the relay holds it back until then."""
    tx.execute("UPDATE takeover SET until_ms = ?", (storable(until_ms),))


def begun(tx: Transaction) -> Takeover | None:
    """Give what was begun here and is not done, or None."""
    row = tx.one("SELECT replaced_identity, until_ms FROM takeover")
    return None if row is None else Takeover(*row)


def end(tx: Transaction) -> None:
    """Note that the name is ours."""
    tx.execute("DELETE FROM takeover")


def announce(tx: Transaction, announced: TakeoverAnnounced) -> bool:
    """Note that another device is about to take this one's place; tells whether that is news."""
    if announcement(tx) == announced:
        return False
    tx.execute(
        "INSERT OR REPLACE INTO announcement VALUES (1, ?, ?)",
        (announced.new_identity, announced.until_ms),
    )
    return True


def announcement(tx: Transaction) -> TakeoverAnnounced | None:
    """Give what was announced and has not been settled, or None."""
    row = tx.one("SELECT new_identity, until_ms FROM announcement")
    return None if row is None else TakeoverAnnounced(*row)


def settle(tx: Transaction) -> None:
    """Note that nothing is announced any more."""
    tx.execute("DELETE FROM announcement")
