"""Settings of our delivery token whose answer nobody has noted.

A row is there from before the relay is asked until its answer is noted. One that stays was asked by
a process that is dead or cut off: what it has sent may reach the relay still, after a newer token.

Spec: docs/client.md#two-connections, docs/formats.md#token_attempts
"""

from collections.abc import Iterable
from typing import Final

from client.store.transaction import Transaction

# AUTOINCREMENT: an id that is remembered for a while must not be another attempt's by then.
TABLE: Final = (
    """
    CREATE TABLE token_attempts (
        attempt_id INTEGER PRIMARY KEY AUTOINCREMENT,
        number INTEGER NOT NULL
    ) STRICT
    """,
)


def begin(tx: Transaction, number: int) -> int:
    """Note that the relay is about to be asked for the token of key ``number``; give an id."""
    return tx.insert("INSERT INTO token_attempts (number) VALUES (?)", (number,))


def open_ones(tx: Transaction) -> frozenset[int]:
    """Give the ids of all whose answer nobody has noted."""
    return frozenset(each for (each,) in tx.all("SELECT attempt_id FROM token_attempts"))


def end(tx: Transaction, attempt_ids: Iterable[int]) -> None:
    """Forget them: they can change nothing more."""
    for each in attempt_ids:
        tx.execute("DELETE FROM token_attempts WHERE attempt_id = ?", (each,))
