"""Envelopes under another identity than the pinned one: not opened before it is the pinned one.

Spec: docs/client.md#receiving, docs/formats.md#held
"""

from dataclasses import dataclass
from typing import Final

from client.store.transaction import Row, Transaction, storable
from client.values import Delivery
from protocol.errors import DamagedState, WireError
from protocol.ids import EnvelopeId, Name
from protocol.packing import pack, unpack_untrusted
from protocol.records import Sender

TABLE: Final = (
    """
    CREATE TABLE held (
        row_id INTEGER PRIMARY KEY AUTOINCREMENT,
        envelope_id BLOB NOT NULL UNIQUE,
        peer TEXT NOT NULL,
        identity BLOB NOT NULL CHECK (length(identity) = 32),
        sequence INTEGER NOT NULL,
        arrival_ms INTEGER NOT NULL,
        vouched BLOB,
        envelope BLOB NOT NULL
    ) STRICT
    """,
    "CREATE INDEX held_of_peer ON held (peer)",
)

MAX_HELD_OF_PEER: Final = 100
"""Anybody can seal an envelope that claims a new identity: this bounds what it costs (26 MB)."""

_MAX_SENDER_BYTES: Final = 256


@dataclass(frozen=True, slots=True)
class HeldEnvelope:
    """A delivery that waits, and whose it claims to be."""

    delivery: Delivery
    peer: Name
    identity: bytes


def add(tx: Transaction, held: HeldEnvelope) -> None:
    """Keep an envelope for later."""
    delivery = held.delivery
    tx.execute(
        "INSERT INTO held (envelope_id, peer, identity, sequence, arrival_ms, vouched, envelope)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            delivery.envelope_id,
            held.peer,
            held.identity,
            storable(delivery.sequence),
            storable(delivery.arrival_ms),
            None if delivery.vouched is None else pack(delivery.vouched),
            delivery.envelope,
        ),
    )


def has(tx: Transaction, envelope_id: EnvelopeId) -> bool:
    """Tell whether this envelope is held."""
    return tx.value("SELECT 1 FROM held WHERE envelope_id = ?", (envelope_id,)) is not None


def is_full(tx: Transaction, peer: Name) -> bool:
    """Tell whether no more may be held in the name of ``peer``."""
    count: int = tx.value("SELECT count(*) FROM held WHERE peer = ?", (peer,))
    return count >= MAX_HELD_OF_PEER


def has_vouched(tx: Transaction, peer: Name) -> bool:
    """Tell whether the relay saw the other identity itself send something of what is held."""
    query = "SELECT 1 FROM held WHERE peer = ? AND vouched IS NOT NULL LIMIT 1"
    return tx.value(query, (peer,)) is not None


def first_arrival_ms(tx: Transaction, peer: Name, identity: bytes) -> int | None:
    """Give when the oldest of what is held under ``identity`` reached the relay, or None."""
    found: int | None = tx.value(
        "SELECT min(arrival_ms) FROM held WHERE peer = ? AND identity = ?", (peer, identity)
    )
    return found


def peers(tx: Transaction) -> list[Name]:
    """Give the names for which something is held."""
    return [Name(peer) for (peer,) in tx.all("SELECT DISTINCT peer FROM held ORDER BY peer")]


def take(tx: Transaction, peer: Name) -> list[HeldEnvelope]:
    """Give what is held in the name of ``peer``, oldest first, and hold it no longer."""
    rows = tx.all(
        "SELECT envelope_id, peer, identity, sequence, arrival_ms, vouched, envelope"
        " FROM held WHERE peer = ? ORDER BY row_id",
        (peer,),
    )
    tx.execute("DELETE FROM held WHERE peer = ?", (peer,))
    return [_held(row) for row in rows]


def _held(row: Row) -> HeldEnvelope:
    envelope_id, peer, identity, sequence, arrival_ms, vouched, envelope = row
    sender = None if vouched is None else _unpack(vouched)
    delivery = Delivery(sequence, EnvelopeId(envelope_id), arrival_ms, sender, envelope)
    return HeldEnvelope(delivery, Name(peer), identity)


def _unpack(vouched: bytes) -> Sender:
    try:
        return unpack_untrusted(Sender, vouched, _MAX_SENDER_BYTES)
    except WireError as error:
        raise DamagedState("held envelope") from error
