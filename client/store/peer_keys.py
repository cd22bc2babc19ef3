"""Public keys of peers: what envelopes to them are sealed to, and what was fetched when.

Spec: docs/formats.md#peer_keys
"""

from dataclasses import dataclass
from typing import Final

from client.store.transaction import Transaction, storable
from protocol.errors import DamagedState, WireError
from protocol.ids import FetchId, Name
from protocol.packing import pack, unpack_untrusted
from protocol.records import SignedSealingKey

TABLE: Final = (
    """
    CREATE TABLE peer_keys (
        peer TEXT PRIMARY KEY,
        sealing_key BLOB,
        fetched_at_ms INTEGER,
        signed_prekey_issued_ms INTEGER,
        fetch_id BLOB
    ) STRICT, WITHOUT ROWID
    """,
)

_MAX_RECORD_BYTES: Final = 2_048


@dataclass(frozen=True, slots=True)
class PeerKeys:
    """What is known of a peer's public keys.

    Args:
        sealing_key: the newest one seen.
        fetched_at_ms: when the relay said that this is the present one, by the
            later of its clock and ours.
        signed_prekey_issued_ms: issue time of the newest signed prekey seen.
        fetch_id: of the bundle that is being fetched: a repeated fetch under
            it costs the peer no second one-time pair.
    """

    sealing_key: SignedSealingKey | None = None
    fetched_at_ms: int = 0
    signed_prekey_issued_ms: int | None = None
    fetch_id: FetchId | None = None

    @property
    def sealing_key_issued_ms(self) -> int | None:
        """Issue time of the newest sealing key seen."""
        return None if self.sealing_key is None else self.sealing_key.issued_at_ms


def find(tx: Transaction, peer: Name) -> PeerKeys:
    """Give what is known, which may be nothing.

    Raises:
        DamagedState: what is stored does not read back.
    """
    row = tx.one(
        "SELECT sealing_key, fetched_at_ms, signed_prekey_issued_ms, fetch_id"
        " FROM peer_keys WHERE peer = ?",
        (peer,),
    )
    if row is None:
        return PeerKeys()
    record, fetched_at_ms, issued_ms, fetch_id = row
    sealing_key = None if record is None else _unpack(record)
    return PeerKeys(sealing_key, fetched_at_ms or 0, issued_ms, fetch_id)


def store_sealing_key(tx: Transaction, peer: Name, key: SignedSealingKey, now_ms: int) -> None:
    """Keep the sealing key that the relay has just given, verified by the caller."""
    _require(tx, peer)
    tx.execute(
        "UPDATE peer_keys SET sealing_key = ?, fetched_at_ms = ? WHERE peer = ?",
        (pack(key), storable(now_ms), peer),
    )


def store_signed_prekey_age(tx: Transaction, peer: Name, issued_at_ms: int) -> None:
    """Note the newest signed prekey seen; the fetch that brought it is over."""
    _require(tx, peer)
    tx.execute(
        "UPDATE peer_keys SET signed_prekey_issued_ms = ?, fetch_id = NULL WHERE peer = ?",
        (storable(issued_at_ms), peer),
    )


def store_fetch_id(tx: Transaction, peer: Name, fetch_id: FetchId) -> None:
    """Note under which id a bundle is fetched, before it is asked for."""
    _require(tx, peer)
    tx.execute("UPDATE peer_keys SET fetch_id = ? WHERE peer = ?", (fetch_id, peer))


def doubt_sealing_key(tx: Transaction, peer: Name) -> None:
    """Let the sealing key be fetched before the next message: the peer has begun anew.

    Perhaps its disk was put back, and the private half of the key we know is gone.
    """
    tx.execute("UPDATE peer_keys SET fetched_at_ms = NULL WHERE peer = ?", (peer,))


def peers_in_doubt(tx: Transaction) -> list[Name]:
    """Give the peers whose sealing key is in doubt while texts of ours have no receipt.

    Those may have been sealed to a lost key: what the relay has now tells.
    """
    rows = tx.all(
        "SELECT peer FROM peer_keys WHERE sealing_key IS NOT NULL AND fetched_at_ms IS NULL"
        " AND EXISTS (SELECT 1 FROM history WHERE history.peer = peer_keys.peer"
        " AND sender <> history.peer AND state IN (1, 2)) ORDER BY peer"
    )
    return [Name(peer) for (peer,) in rows]


def forget_fetch_id(tx: Transaction, peer: Name) -> None:
    """Fetch the next bundle under a new id: this one the relay knows, and gives the same for it."""
    tx.execute("UPDATE peer_keys SET fetch_id = NULL WHERE peer = ?", (peer,))


def forget(tx: Transaction, peer: Name) -> None:
    """Forget all of a peer's keys: they belonged to an identity that is no longer theirs."""
    tx.execute("DELETE FROM peer_keys WHERE peer = ?", (peer,))


def _require(tx: Transaction, peer: Name) -> None:
    tx.execute("INSERT OR IGNORE INTO peer_keys (peer) VALUES (?)", (peer,))


def _unpack(record: bytes) -> SignedSealingKey:
    try:
        return unpack_untrusted(SignedSealingKey, record, _MAX_RECORD_BYTES)
    except WireError as error:
        raise DamagedState("sealing key") from error
