"""Messages as they travelled, kept for the X-ray: ciphertext and framing, never a key.

The envelope is what the relay saw; the sealed payload is what was inside it.
The padding is left out (it is zeros), so a specimen takes about 6 kB.

Spec: docs/formats.md#specimens
"""

from typing import Final

from client.store.transaction import Transaction
from client.values import Specimen
from protocol.ids import MessageId, Name

TABLE: Final = (
    """
    CREATE TABLE specimens (
        row_id INTEGER PRIMARY KEY AUTOINCREMENT,
        message_id BLOB NOT NULL CHECK (length(message_id) = 16),
        peer TEXT NOT NULL,
        outgoing INTEGER NOT NULL,
        envelope BLOB NOT NULL,
        payload BLOB NOT NULL,
        named INTEGER
    ) STRICT
    """,
    "CREATE INDEX specimens_of_message ON specimens (message_id)",
)

SPECIMENS_KEPT: Final = 1_000
"""The newest ones: enough to look at a conversation, and about 6 MB."""

MAX_SPECIMEN_BYTES: Final = 32_768
"""Larger envelopes leave none: nobody reads them byte by byte, and they would fill the disk."""


def add(tx: Transaction, specimen: Specimen) -> None:
    """Keep a message as it travelled, and let the oldest one go."""
    if len(specimen.envelope) > MAX_SPECIMEN_BYTES:
        return
    row_id = tx.insert(
        "INSERT INTO specimens (message_id, peer, outgoing, envelope, payload, named)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            specimen.message_id,
            specimen.peer,
            specimen.outgoing,
            specimen.envelope,
            specimen.payload,
            specimen.named,
        ),
    )
    tx.execute("DELETE FROM specimens WHERE row_id <= ?", (row_id - SPECIMENS_KEPT,))


def note_submitted(tx: Transaction, peer: Name, message_id: MessageId, *, named: bool) -> None:
    """Note whether the relay saw that we submitted a message of ours."""
    tx.execute(
        "UPDATE specimens SET named = ? WHERE message_id = ? AND peer = ? AND outgoing = 1",
        (named, message_id, peer),
    )


def find(
    tx: Transaction,
    prefix: str,
    limit: int = 6,
    *,
    peer: Name | None = None,
    outgoing: bool | None = None,
) -> list[Specimen]:
    """Give the specimens of messages whose id begins with ``prefix``, newest first.

    One a message, the newest: a text may have been encrypted again. Peers choose the ids
    of their messages, so a message is peer, direction and id: none hides another.

    Args:
        prefix: hexadecimal digits, at least one.
        limit: most to give; two tell that the prefix is not enough.
        peer: only messages with this one.
        outgoing: only ours, or only theirs.
    """
    rows = tx.all(
        "SELECT message_id, peer, outgoing, envelope, payload, named FROM specimens"
        " WHERE row_id IN"
        " (SELECT max(row_id) FROM specimens WHERE substr(lower(hex(message_id)), 1, ?1) = ?2"
        " AND peer = coalesce(?3, peer) AND outgoing = coalesce(?4, outgoing)"
        " GROUP BY peer, outgoing, message_id) ORDER BY row_id DESC LIMIT ?5",
        (len(prefix), prefix.lower(), peer, outgoing, limit),
    )
    return [
        Specimen(
            MessageId(message_id),
            Name(peer),
            bool(outgoing),
            envelope,
            payload,
            None if named is None else bool(named),
        )
        for message_id, peer, outgoing, envelope, payload, named in rows
    ]
