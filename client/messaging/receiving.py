"""A delivery becomes an outcome, in one transaction; only then is it acknowledged.

    known envelope id ───────────────▶ Duplicate
    opens no seal, or names nobody ──▶ Junk          nothing is stored
    its sender did not make it ──────▶ Junk          the same: the sender's tag is wrong
    known ratchet message ───────────▶ Duplicate
    identity is not the pinned one ──▶ Held          unopened
    does not open ───────────────────▶ Unreadable    a visible gap, the session as it was
    opens ───────────────────────────▶ Received, Receipted, Asked
    our own side fails over it ──────▶ (rolled back) set aside: Unreadable, or Junk

All reading and opening comes before the first write. What the sealed payload
says of its sender is a claim until a message opens: on a session with that
peer, or on a handshake under that peer's pinned identity, or (first contact)
under the identity that the relay saw log in. That it does not open counts for
something only because the sender's tag is right.

Spec: docs/client.md#receiving, docs/protocol.md#skipped-keys
"""

from dataclasses import replace

from client.messaging import gap_lines, prekey_doubts, repair, trust
from client.messaging.arrival import Arrival, open_seal
from client.messaging.filing import file_message
from client.messaging.opening import OtherIdentity, open_message
from client.messaging.outcomes import Duplicate, Held, Junk, Outcome, Unreadable
from client.store import account, held, seen, settings
from client.store.held import HeldEnvelope
from client.store.transaction import Transaction
from client.values import Delivery, Surroundings
from protocol.errors import GlasspostError, PeerError, PrekeysGone


def receive(tx: Transaction, delivery: Delivery, surroundings: Surroundings) -> Outcome:
    """Deal with one delivery; whatever is in it, it may be acknowledged after the commit.

    Raises:
        CallerError: something in our own store does not read back, or would
            not; nothing is changed, and :func:`set_aside` is the way on.
    Cost: bounded; an envelope that is hostile takes about 10 ms.
    """
    if seen.has_envelope(tx, delivery.envelope_id) or held.has(tx, delivery.envelope_id):
        return Duplicate()
    delivery = _dated(tx, delivery)
    try:
        arrival = open_seal(tx, account.get(tx), delivery)
    except PeerError as error:
        return Junk(str(error))
    if seen.has_message(tx, arrival.payload.body):
        return Duplicate()
    try:
        opened = open_message(tx, arrival)
    except PeerError as error:
        return _note_gap(tx, arrival, error)
    if isinstance(opened, OtherIdentity):
        return _hold(tx, arrival, opened.identity, surroundings)
    return file_message(tx, arrival, opened, surroundings)


def set_aside(tx: Transaction, delivery: Delivery, reason: str) -> Outcome:
    """Deal with a delivery over which :func:`receive` failed through no fault of the far side.

    It would fail over it each time it is delivered again, and over all that
    came with it. So it becomes a visible gap, if it names a contact.

    Args:
        reason: for a person; what was wrong.
    """
    if seen.has_envelope(tx, delivery.envelope_id) or held.has(tx, delivery.envelope_id):
        return Duplicate()
    delivery = _dated(tx, delivery)
    try:
        arrival = open_seal(tx, account.get(tx), delivery)
    except (GlasspostError, ValueError):
        return Junk(reason)
    return _note_gap(tx, arrival, PeerError(reason))


def _dated(tx: Transaction, delivery: Delivery) -> Delivery:
    arrival_ms = settings.plausible_arrival_ms(tx, delivery.arrival_ms)
    return replace(delivery, arrival_ms=arrival_ms)


def _note_gap(tx: Transaction, arrival: Arrival, error: PeerError) -> Outcome:
    """Show that a message in a contact's name did not open, and see that it is asked for.

    Never for anybody else's: nobody else may write into a conversation, be it
    only gaps. So it takes the tag of whoever has the pinned key. Another key's
    will do for a line if the relay itself saw it send that (a former device), and
    never for more: nothing is asked for, no session is doubted.
    """
    reason = str(error)
    if not _may_leave_a_line(arrival):
        return Junk(reason)
    delivery, message = arrival.delivery, arrival.payload.body
    seen.add(tx, delivery.envelope_id, message, delivery.arrival_ms)
    settings.hear_arrival(tx, delivery.arrival_ms)
    if isinstance(error, PrekeysGone):
        prekey_doubts.doubt(tx)
    request = repair.request_for(message, error) if arrival.is_pinned else None
    if request is not None:
        repair.distrust_sessions(tx, arrival, request)
    row_id = gap_lines.show(tx, arrival, reason, request)
    return Unreadable(arrival.claimed_peer, row_id, reason)


def _may_leave_a_line(arrival: Arrival) -> bool:
    if arrival.pin.identity is None or arrival.pin.blocked or arrival.is_contradicted():
        return False
    return arrival.is_pinned or arrival.is_vouched_as(arrival.identity)


def _hold(
    tx: Transaction, arrival: Arrival, identity: bytes, surroundings: Surroundings
) -> Outcome:
    """Keep an envelope under another identity; ask the user only if the relay vouches for it.

    Anybody can seal an envelope that claims to be from a contact with a new
    key: that alone is no question to bother a person with. About a contact whom
    nobody verified the relay's directory is asked in any case.
    """
    peer = arrival.claimed_peer
    if arrival.pin.blocked:
        return Junk("its sender is blocked, and shows another identity")
    if held.is_full(tx, peer):
        return _note_gap(
            tx, arrival, PeerError("too many messages under another identity are waiting")
        )
    held.add(tx, HeldEnvelope(arrival.delivery, peer, identity))
    if not arrival.pin.verified or not arrival.is_vouched_as(identity):
        return Held(peer, None)
    return Held(peer, trust.ask(tx, arrival.pin, identity, surroundings.random_bytes))
