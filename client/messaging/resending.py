"""Answering a retry request: the same message once more, encrypted anew.

Only what the peer asks for under the identity it was encrypted to, and only a
text of ours that stands in the history without a receipt: what was delivered,
deleted or given up is not sent again.

Spec: docs/protocol.md#retry-requests
"""

from client.messaging.repair import give_up_session
from client.messaging.sending import send_again
from client.store import conversation, gaps, outbox, sent, settings
from client.store.sent import Sent
from client.store.transaction import Transaction
from client.values import HistoryEntry, Surroundings
from protocol.e2ee.retry import RetryRequest, answer_envelope_id
from protocol.e2ee.session import Session
from protocol.ids import MessageId
from protocol.limits import MAX_RETRIES_PER_HOUR, MAX_RETRY_REQUESTS


def answer(
    tx: Transaction,
    carrier: Session,
    request_id: MessageId,
    request: RetryRequest,
    surroundings: Surroundings,
) -> None:
    """Send what ``request`` names, if it may be had; else nothing.

    The session it names is given up in either case: the peer cannot open it. If
    it names a request of ours, that is made once more.

    Args:
        carrier: the session on which the request came; the answer takes it too.
        request_id: the request's message id.
    """
    if request.session_id != carrier.session_id:
        give_up_session(tx, carrier.peer.name, request.session_id)
    gaps.ask_again_for(tx, request.digest)
    entry = _asked_for(tx, carrier, request)
    envelope_id = answer_envelope_id(request_id, request.digest)
    # One request has one answer: only a changed client says it again under the same message id.
    if entry is not None and not outbox.is_queued(tx, envelope_id):
        send_again(tx, entry, carrier.session_id, envelope_id, surroundings)


def _asked_for(tx: Transaction, carrier: Session, request: RetryRequest) -> HistoryEntry | None:
    found = sent.find(tx, request.digest)
    if found is None or (found.peer, found.identity) != (carrier.peer.name, carrier.peer_identity):
        return None
    if not _may_send_again(tx, found):
        return None
    return conversation.undelivered_text(tx, found.peer, found.message_id)


def _may_send_again(tx: Transaction, found: Sent) -> bool:
    hour_ago_ms = settings.relay_clock_ms(tx) - gaps.HOUR_MS
    return (
        sent.times_again(tx, found.message_id) < MAX_RETRY_REQUESTS
        and sent.again_since(tx, found.peer, hour_ago_ms) < MAX_RETRIES_PER_HOUR
    )
