"""Asking for messages that did not open, on a session that is not broken itself.

A message fails because a disk was put back, a row was lost, or a prekey was
used twice; none of that shows which of our sessions is still good. So all that
were not used since it reached the relay are given up for sending, and unless we
have just opened one, a fresh one is opened: no rule that trusts an old session
is safe when both sides may have been put back.

Spec: docs/protocol.md#retry-requests, docs/client.md#repair
"""

from client.messaging.arrival import Arrival
from client.messaging.encrypting import is_stale, route_to
from client.messaging.uncounted import queue_uncounted
from client.store import gaps, sessions, settings
from client.store.gaps import Asking
from client.store.transaction import Transaction
from client.values import Surroundings
from protocol.e2ee.retry import (
    RetryRequest,
    answer_envelope_id,
    retry_request_for_untrusted,
)
from protocol.e2ee.session import peek_untrusted
from protocol.errors import (
    DecryptionFailed,
    HandshakeRefused,
    HandshakeReplayed,
    KemFieldsRefused,
    KeyGone,
    PeerError,
    PrekeysGone,
    TooManySkipped,
    UnknownSession,
)
from protocol.ids import Name, SessionId

_WORTH_ASKING = (
    DecryptionFailed,
    HandshakeRefused,
    HandshakeReplayed,
    KemFieldsRefused,
    KeyGone,
    PrekeysGone,
    TooManySkipped,
    UnknownSession,
)


def request_for(message: bytes, error: PeerError) -> RetryRequest | None:
    """Give the request for a message that did not open, or None if asking is of no use.

    What is malformed, or newer than this program, would come again as it was.
    """
    return retry_request_for_untrusted(message) if isinstance(error, _WORTH_ASKING) else None


def distrust_sessions(tx: Transaction, arrival: Arrival, request: RetryRequest) -> None:
    """Give up for sending whatever may be broken, now that a message did not open.

    Spared are sessions used since it reached the relay, and ours that wait for
    their first answer: the peer wrote before it heard of them. Unless the peer's
    own new session was refused here after ours had carried a request: then
    perhaps both are refused, and another bundle may have better keys.
    """
    peer, arrival_ms = arrival.claimed_peer, arrival.delivery.arrival_ms
    if not gaps.may_ask(tx, peer, settings.relay_clock_ms(tx)):
        return
    doubtful = [request.session_id, *sessions.used_before(tx, peer, arrival_ms)]
    if peek_untrusted(arrival.payload.body).handshake is not None:
        doubtful += [each for each in sessions.unanswered(tx, peer) if gaps.has_carried(tx, each)]
    for session_id in doubtful:
        give_up_session(tx, peer, session_id)


def give_up_session(tx: Transaction, peer: Name, session_id: SessionId) -> None:
    """Send on a session with ``peer`` no more; what was asked for last on it is asked for anew."""
    used_ms = sessions.give_up(tx, peer, session_id)
    if used_ms is not None:
        gaps.ask_again_since(tx, session_id, used_ms)


def ask(tx: Transaction, peer: Name, surroundings: Surroundings) -> None:
    """Send the requests that are due to ``peer``, as many as this hour allows.

    Nothing happens while a key is missing or stale, or the user has to decide.
    """
    if is_stale(tx, peer, surroundings):
        return
    now_ms = settings.relay_clock_ms(tx)
    while (gap := gaps.next_due(tx, peer)) and gaps.may_ask(tx, peer, now_ms):
        route = route_to(tx, peer)
        if route is None or gap.request is None:
            return
        queued = queue_uncounted(tx, route, gap.request, surroundings)
        answer_id = answer_envelope_id(queued.message_id, gap.digest)
        gaps.asked(tx, gap, Asking(answer_id, route.session.session_id, queued.digest), now_ms)
