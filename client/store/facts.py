"""What hangs on a line besides its row: replies, edits, reactions, receipts, timers, ...

A fact is a kind and strict msgpack, as :mod:`protocol.archive.facts` defines them; several of
a kind may hang on one line, in the order in which they came. Files have tables of their own
(:mod:`client.store.media`), a failure and an unread content stand in the line itself.

Spec: docs/formats.md#facts-of-lines
"""

from typing import Final

from client.store.transaction import Transaction
from protocol.archive.facts import (
    Known,
    PackedFact,
    UnknownFact,
    pack_fact,
    unpack_fact_untrusted,
)

TABLE: Final = (
    """
    CREATE TABLE facts (
        fact_id INTEGER PRIMARY KEY AUTOINCREMENT,
        peer TEXT NOT NULL,
        line INTEGER NOT NULL REFERENCES history (row_id) ON DELETE CASCADE,
        kind INTEGER NOT NULL,
        body BLOB NOT NULL
    ) STRICT
    """,
    "CREATE INDEX facts_lines ON facts (peer, line)",
    "CREATE INDEX facts_of_line ON facts (line)",
)


def add(tx: Transaction, line: int, fact: Known | UnknownFact) -> None:
    """Hang ``fact`` on a line, which must be there."""
    packed = pack_fact(line, fact)
    tx.execute(
        "INSERT INTO facts (peer, line, kind, body)"
        " VALUES ((SELECT peer FROM history WHERE row_id = ?1), ?1, ?2, ?3)",
        (line, packed.kind, packed.body),
    )


def of_line(tx: Transaction, line: int) -> list[Known | UnknownFact]:
    """Give what hangs on a line, in the order in which it came."""
    rows = tx.all("SELECT line, kind, body FROM facts WHERE line = ? ORDER BY fact_id", (line,))
    return [unpack_fact_untrusted(PackedFact(*row)) for row in rows]
