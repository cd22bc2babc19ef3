"""Messages of contacts that came and did not open, and what was asked about them.

    did not open ──▶ due ──▶ asked ──▶ answered: the row goes, and with the last one its line
                      ▲        │
                      └────────┘ the request did not open there, or its session was given up

Several gaps may share one line of the history, which then says how many they are.

Spec: docs/protocol.md#retry-requests, docs/formats.md#gaps
"""

from dataclasses import dataclass
from typing import Final

from client.store.transaction import Parameters, Row, Transaction, storable
from protocol.e2ee.retry import RetryRequest
from protocol.errors import DamagedState, WireError
from protocol.ids import EnvelopeId, Name, SessionId
from protocol.limits import MAX_RETRIES_PER_HOUR, MAX_RETRY_REQUESTS, SEEN_ID_LIFE_MS
from protocol.packing import pack, unpack_untrusted

TABLE: Final = (
    """
    CREATE TABLE gaps (
        digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
        origin BLOB NOT NULL CHECK (length(origin) = 32),
        peer TEXT NOT NULL,
        arrival_ms INTEGER NOT NULL,
        noted_ms INTEGER NOT NULL,
        line INTEGER NOT NULL,
        request BLOB,
        due INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX gaps_of_line ON gaps (peer, line)",
    "CREATE INDEX gaps_of_origin ON gaps (origin)",
    "CREATE INDEX gaps_due ON gaps (peer, arrival_ms) WHERE due",
    """
    CREATE TABLE retry_requests (
        answer_id BLOB PRIMARY KEY CHECK (length(answer_id) = 16),
        digest BLOB NOT NULL CHECK (length(digest) = 32),
        peer TEXT NOT NULL,
        carrier BLOB NOT NULL CHECK (length(carrier) = 16),
        message BLOB NOT NULL CHECK (length(message) = 32),
        asked_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX retry_requests_of_gap ON retry_requests (digest)",
    "CREATE INDEX retry_requests_of_peer ON retry_requests (peer, asked_ms)",
)

HOUR_MS: Final = 3_600_000

_MAX_REQUEST_BYTES: Final = 256

_SELECT: Final = "SELECT digest, origin, gaps.peer, arrival_ms, line, request FROM gaps"


@dataclass(frozen=True, slots=True)
class Gap:
    """A message that did not open.

    Args:
        digest: SHA-256 of its ratchet message.
        origin: the digest of the gap it was to fill, and so on back to the
            first; its own if it answered nothing. What one of them was, all were.
        arrival_ms: at the relay, of the envelope with the first of them.
        line: the row of the history that shows it.
        request: how to ask for it, or None if that would lead to nothing.
    """

    digest: bytes
    origin: bytes
    peer: Name
    arrival_ms: int
    line: int
    request: RetryRequest | None


@dataclass(frozen=True, slots=True)
class Asking:
    """A request that goes out.

    Args:
        answer_id: the envelope id of its answer.
        carrier: the session it goes out on.
        message: SHA-256 of its ratchet message: by this the peer names it, if it does not open.
    """

    answer_id: EnvelopeId
    carrier: SessionId
    message: bytes


def add(tx: Transaction, gap: Gap, now_ms: int) -> None:
    """Note a gap, at a time of the relay; a request is due if there is a way to ask."""
    packed = None if gap.request is None else pack(gap.request)
    tx.execute(
        "INSERT INTO gaps VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            gap.digest,
            gap.origin,
            gap.peer,
            storable(gap.arrival_ms),
            storable(now_ms),
            gap.line,
            packed,
            packed is not None,
        ),
    )


def open_line(tx: Transaction, peer: Name, now_ms: int) -> int | None:
    """Give the line that another gap of ``peer`` may share: one of the hour before, or None."""
    line: int | None = tx.value(
        "SELECT max(line) FROM gaps WHERE peer = ? AND noted_ms > ?",
        (peer, storable(now_ms) - HOUR_MS),
    )
    return line


def count_of_line(tx: Transaction, peer: Name, line: int) -> int:
    """Count the messages that a line stands for."""
    count: int = tx.value(
        "SELECT count(DISTINCT origin) FROM gaps WHERE peer = ? AND line = ?", (peer, line)
    )
    return count


def filled_by(tx: Transaction, peer: Name, envelope_id: EnvelopeId) -> Gap | None:
    """Give the gap that an envelope of ``peer`` is to fill, because it answers our request."""
    row = tx.one(
        f"{_SELECT} JOIN retry_requests USING (digest) WHERE answer_id = ? AND gaps.peer = ?",
        (envelope_id, peer),
    )
    return None if row is None else _gap(row)


def close(tx: Transaction, gap: Gap) -> None:
    """Note that the message is here; so is what else was sent of it, and did not open."""
    tx.execute("DELETE FROM gaps WHERE origin = ?", (gap.origin,))


# --- asking ---------------------------------------------------------------------


def peers_due(tx: Transaction, now_ms: int) -> list[Name]:
    """Give the peers who have to be asked for something, and may be in this hour."""
    rows = tx.all("SELECT peer FROM gaps WHERE due GROUP BY peer ORDER BY min(arrival_ms)")
    return [Name(peer) for (peer,) in rows if may_ask(tx, Name(peer), now_ms)]


def next_due(tx: Transaction, peer: Name) -> Gap | None:
    """Give the newest gap of ``peer`` that has to be asked for, or None.

    Old ones have waited in vain, perhaps because they were receipts: they may not use up the hour.
    """
    row = tx.one(
        f"{_SELECT} WHERE peer = ? AND due ORDER BY arrival_ms DESC, digest LIMIT 1",
        (peer,),
    )
    return None if row is None else _gap(row)


def may_ask(tx: Transaction, peer: Name, now_ms: int) -> bool:
    """Tell whether ``peer`` may be asked for another message in this hour (relay time)."""
    count: int = tx.value(
        "SELECT count(*) FROM retry_requests WHERE peer = ? AND asked_ms > ?",
        (peer, storable(now_ms) - HOUR_MS),
    )
    return count < MAX_RETRIES_PER_HOUR


def asked(tx: Transaction, gap: Gap, asking: Asking, now_ms: int) -> None:
    """Note that a request for the message of ``gap`` goes out."""
    tx.execute(
        "INSERT INTO retry_requests VALUES (?, ?, ?, ?, ?, ?)",
        (
            asking.answer_id,
            gap.digest,
            gap.peer,
            asking.carrier,
            asking.message,
            storable(now_ms),
        ),
    )
    tx.execute("UPDATE gaps SET due = 0 WHERE digest = ?", (gap.digest,))


def has_carried(tx: Transaction, session_id: SessionId) -> bool:
    """Tell whether a request of ours went out on this session."""
    found = tx.value("SELECT 1 FROM retry_requests WHERE carrier = ? LIMIT 1", (session_id,))
    return found is not None


def ask_again_for(tx: Transaction, message: bytes) -> None:
    """Let a gap be due once more if ``message`` is the digest of our request for it.

    The peer has just said that it could not open that.
    """
    _make_due(tx, "message = ?", (message,))


def ask_again_since(tx: Transaction, carrier: SessionId, since_ms: int) -> None:
    """Let be due once more what was asked on ``carrier`` since a time of the relay."""
    _make_due(tx, "carrier = ? AND asked_ms >= ?", (carrier, since_ms))


def _make_due(tx: Transaction, condition: str, parameters: Parameters) -> None:
    tx.execute(
        f"UPDATE gaps SET due = 1 WHERE digest IN"  # noqa: S608  # the two conditions above
        f" (SELECT digest FROM retry_requests WHERE {condition}) AND"
        " (SELECT count(*) FROM retry_requests AS made WHERE made.digest = gaps.digest) < ?",
        (*parameters, MAX_RETRY_REQUESTS),
    )


# --- forgetting -----------------------------------------------------------------


def forget(tx: Transaction, peer: Name) -> None:
    """Ask ``peer`` for nothing more: the identity it came from is no longer theirs."""
    tx.execute("DELETE FROM gaps WHERE peer = ?", (peer,))


def expire(tx: Transaction, now_ms: int) -> None:
    """Forget gaps that nobody fills any more; their lines stay."""
    before_ms = storable(now_ms) - SEEN_ID_LIFE_MS
    tx.execute("DELETE FROM gaps WHERE arrival_ms < ?", (before_ms,))
    tx.execute("DELETE FROM retry_requests WHERE asked_ms < ?", (before_ms,))


def not_after(tx: Transaction, now_ms: int) -> None:
    """Let what is dated ahead of ``now_ms`` count from then."""
    latest = (storable(now_ms),)
    tx.execute("UPDATE gaps SET arrival_ms = ?1 WHERE arrival_ms > ?1", latest)
    tx.execute("UPDATE gaps SET noted_ms = ?1 WHERE noted_ms > ?1", latest)
    tx.execute("UPDATE retry_requests SET asked_ms = ?1 WHERE asked_ms > ?1", latest)


def _gap(row: Row) -> Gap:
    digest, origin, peer, arrival_ms, line, packed = row
    request = None if packed is None else _unpack(packed)
    return Gap(digest, origin, Name(peer), arrival_ms, line, request)


def _unpack(packed: bytes) -> RetryRequest:
    try:
        return unpack_untrusted(RetryRequest, packed, _MAX_REQUEST_BYTES)
    except WireError as error:
        raise DamagedState("gap") from error
