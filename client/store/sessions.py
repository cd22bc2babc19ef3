"""Sessions: looked up by the id that a message names, never tried in turn.

``began`` and ``last_received`` number the events of a peer's sessions, in the
order in which this device saw them; :mod:`protocol.e2ee.sessions` chooses by
them. Ages are the relay's time. A session that was given up still receives, and
nothing is sent on it any more.

Spec: docs/protocol.md#sessions, docs/formats.md#sessions
"""

from collections.abc import Sequence
from typing import Final

from client.store.transaction import Transaction, storable
from protocol.e2ee.session import Role, Session
from protocol.e2ee.sessions import SessionActivity, preferred
from protocol.e2ee.stored import pack_session, unpack_session
from protocol.errors import DamagedState
from protocol.ids import Name, SessionId
from protocol.limits import ARCHIVED_SESSION_LIFE_MS, MAX_ARCHIVED_SESSIONS

TABLE: Final = (
    """
    CREATE TABLE sessions (
        session_id BLOB PRIMARY KEY,
        peer TEXT NOT NULL,
        our_role INTEGER NOT NULL,
        began INTEGER NOT NULL,
        last_received INTEGER,
        used_ms INTEGER NOT NULL,
        given_up INTEGER NOT NULL DEFAULT 0,
        state BLOB NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX sessions_of_peer ON sessions (peer)",
)

_NEVER_MS: Final = (1 << 63) - 1


def get(tx: Transaction, session_id: SessionId) -> Session | None:
    """Give the session of this id, whoever it belongs to.

    Raises:
        DamagedState: what is stored does not read back.
    """
    state = tx.value("SELECT state FROM sessions WHERE session_id = ?", (session_id,))
    return None if state is None else unpack_session(state)


def to_send_on(tx: Transaction, peer: Name) -> Session | None:
    """Give the session that messages to ``peer`` take, or None if none is left for that."""
    chosen = _chosen(tx, peer)
    return None if chosen is None else get(tx, chosen)


def add(tx: Transaction, session: Session, now_ms: int) -> None:
    """Store a session that has just begun, and let the oldest archived ones go."""
    peer = session.peer.name
    tx.execute(
        "INSERT INTO sessions (session_id, peer, our_role, began, used_ms, state)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            session.session_id,
            peer,
            session.our_role,
            _next_event(tx, peer),
            now_ms,
            pack_session(session),
        ),
    )
    _drop_surplus(tx, peer)


def update(tx: Transaction, session: Session) -> None:
    """Store the state after encrypting."""
    tx.execute(
        "UPDATE sessions SET state = ? WHERE session_id = ?",
        (pack_session(session), session.session_id),
    )


def update_received(tx: Transaction, session: Session, now_ms: int) -> None:
    """Store the state after decrypting: it is the session last heard on."""
    tx.execute(
        "UPDATE sessions SET state = ?, last_received = ?, used_ms = ? WHERE session_id = ?",
        (
            pack_session(session),
            _next_event(tx, session.peer.name),
            now_ms,
            session.session_id,
        ),
    )


def give_up(tx: Transaction, peer: Name, session_id: SessionId) -> int | None:
    """Send on this session with ``peer`` no more; give when it was used last, or None."""
    used_ms: int | None = tx.value(
        "UPDATE sessions SET given_up = 1 WHERE session_id = ? AND peer = ? RETURNING used_ms",
        (session_id, peer),
    )
    return used_ms


def used_before(tx: Transaction, peer: Name, arrival_ms: int) -> list[SessionId]:
    """Give the sessions in use with ``peer`` on which nothing has happened since a time.

    Without those that we opened and that wait for their first answer.
    """
    rows = tx.all(
        "SELECT session_id FROM sessions WHERE peer = ? AND used_ms < ? AND NOT given_up"
        " AND NOT (our_role = ? AND last_received IS NULL) ORDER BY began",
        (peer, storable(arrival_ms), Role.INITIATOR),
    )
    return [SessionId(session_id) for (session_id,) in rows]


def unanswered(tx: Transaction, peer: Name, before_ms: int = _NEVER_MS) -> list[SessionId]:
    """Give the sessions in use that we opened with ``peer`` and that wait for a first answer.

    Args:
        before_ms: only those that were opened before this time of the relay.
    """
    rows = tx.all(
        "SELECT session_id FROM sessions WHERE peer = ? AND used_ms < ? AND NOT given_up"
        " AND our_role = ? AND last_received IS NULL ORDER BY began",
        (peer, before_ms, Role.INITIATOR),
    )
    return [SessionId(session_id) for (session_id,) in rows]


def all_sessions(tx: Transaction) -> list[Session]:
    """Give every session that reads back, with all peers; see :func:`drop_unreadable`."""
    states = (_read(state) for (state,) in tx.all("SELECT state FROM sessions"))
    return [session for session in states if session is not None]


def drop_unreadable(tx: Transaction) -> dict[Name, SessionId]:
    """Delete the sessions that do not read back; give their peers, each with one of them.

    Such a session opens nothing and sends nothing; but as long as it is there,
    it is chosen, and stands in the way of a new one.
    """
    rows = tx.all("SELECT session_id, peer, state FROM sessions ORDER BY peer")
    broken = [(Name(peer), SessionId(one)) for one, peer, state in rows if _read(state) is None]
    for _, session_id in broken:
        _delete(tx, session_id)
    return dict(broken)


def forget_peer(tx: Transaction, peer: Name) -> None:
    """Delete all sessions with ``peer``: they are with an identity no longer theirs."""
    tx.execute("DELETE FROM sessions WHERE peer = ?", (peer,))


def not_after(tx: Transaction, now_ms: int) -> None:
    """Let sessions that are dated ahead of ``now_ms`` count as used then."""
    tx.execute("UPDATE sessions SET used_ms = ?1 WHERE used_ms > ?1", (now_ms,))


def expire(tx: Transaction, now_ms: int) -> None:
    """Delete archived sessions whose life is over; the one to send on stays."""
    old = tx.all(
        "SELECT session_id, peer FROM sessions WHERE used_ms < ?",
        (now_ms - ARCHIVED_SESSION_LIFE_MS,),
    )
    for session_id, peer in old:
        if session_id != _chosen(tx, peer):
            _delete(tx, session_id)


def _read(state: bytes) -> Session | None:
    try:
        return unpack_session(state)
    except DamagedState:
        return None


def _drop_surplus(tx: Transaction, peer: Name) -> None:
    kept = _chosen(tx, peer)
    archived = sorted(
        (each for each in _activities(tx, peer, given_up_too=True) if each.session_id != kept),
        key=lambda each: each.latest,
    )
    for each in archived[:-MAX_ARCHIVED_SESSIONS]:
        _delete(tx, each.session_id)


def _delete(tx: Transaction, session_id: SessionId) -> None:
    tx.execute("DELETE FROM sessions WHERE session_id = ?", (session_id,))


def _chosen(tx: Transaction, peer: Name) -> SessionId | None:
    candidates = _activities(tx, peer, given_up_too=False)
    return preferred(candidates) if candidates else None


def _activities(tx: Transaction, peer: Name, *, given_up_too: bool) -> Sequence[SessionActivity]:
    rows = tx.all(
        "SELECT session_id, our_role, began, last_received FROM sessions"
        " WHERE peer = ? AND given_up <= ?",
        (peer, given_up_too),
    )
    return [
        SessionActivity(SessionId(session_id), Role(role), began, last_received)
        for session_id, role, began, last_received in rows
    ]


def _next_event(tx: Transaction, peer: Name) -> int:
    event: int = tx.value(
        "SELECT coalesce(max(max(began, coalesce(last_received, 0))), 0) + 1"
        " FROM sessions WHERE peer = ?",
        (peer,),
    )
    return event
