"""A delivery becomes an outcome, in one transaction; only then is it acknowledged.

    known envelope id ───────────────▶ Duplicate
    opens no seal, or names nobody ──▶ Junk          nothing is stored
    known ratchet message ───────────▶ Duplicate
    identity is not the pinned one ──▶ Held          unopened
    does not open ───────────────────▶ Unreadable    a visible gap, the session as it was
    opens ───────────────────────────▶ Received, Receipted
    our own side fails over it ──────▶ (rolled back) set aside: Unreadable, or Junk

All reading and opening comes before the first write. What the sealed payload
says of its sender is a claim until a message opens: on a session with that
peer, or on a handshake under that peer's pinned identity, or (first contact)
under the identity that the relay saw log in.

Spec: docs/client.md#receiving, docs/protocol.md#skipped-keys
"""

import hashlib
from dataclasses import replace

from client.messaging import trust
from client.messaging.arrival import Arrival, open_seal
from client.messaging.filing import file_message
from client.messaging.opening import OtherIdentity, open_message
from client.messaging.outcomes import Duplicate, Held, Junk, Outcome, Unreadable
from client.store import account, held, history, seen, settings
from client.store.held import HeldEnvelope
from client.store.history import NewEntry
from client.store.transaction import Transaction
from client.values import Delivery, EntryKind, MessageState, Surroundings
from protocol.errors import GlasspostError, PeerError
from protocol.ids import IDENTIFIER_BYTES, MessageId


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
        return _note_gap(tx, arrival, str(error))
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
    return _note_gap(tx, arrival, reason)


def _dated(tx: Transaction, delivery: Delivery) -> Delivery:
    arrival_ms = settings.plausible_arrival_ms(tx, delivery.arrival_ms)
    return replace(delivery, arrival_ms=arrival_ms)


def _note_gap(tx: Transaction, arrival: Arrival, reason: str) -> Outcome:
    """Show that a message in a contact's name did not open; never for anybody else's.

    Nobody else may write into a conversation, be it only gaps: where the relay
    saw another account send it, it is junk.
    """
    if arrival.pin.identity is None or arrival.is_contradicted():
        return Junk(reason)
    peer, delivery = arrival.claimed_peer, arrival.delivery
    seen.add(tx, delivery.envelope_id, arrival.payload.body, delivery.arrival_ms)
    digest = hashlib.sha256(arrival.payload.body).digest()
    row_id = history.add(
        tx,
        NewEntry(
            peer=peer,
            sender=peer,
            message_id=MessageId(digest[:IDENTIFIER_BYTES]),
            kind=EntryKind.UNREADABLE,
            text=f"A message in the name of {peer} could not be opened: {reason}.",
            state=MessageState.RECEIVED,
            sent_at_ms=delivery.arrival_ms,
            arrival_ms=delivery.arrival_ms,
            series=arrival.pin.series,
        ),
    )
    return Duplicate() if row_id is None else Unreadable(peer, row_id, reason)


def _hold(
    tx: Transaction, arrival: Arrival, identity: bytes, surroundings: Surroundings
) -> Outcome:
    """Keep an envelope under another identity; ask the user only if the relay vouches for it.

    Anybody can seal an envelope that claims to be from a contact with a new
    key: that alone is no question to bother a person with.
    """
    peer = arrival.claimed_peer
    if held.is_full(tx, peer):
        return _note_gap(tx, arrival, "too many messages under another identity are waiting")
    held.add(tx, HeldEnvelope(arrival.delivery, peer, identity))
    if not arrival.is_vouched_as(identity):
        return Held(peer, None)
    return Held(peer, trust.ask(tx, arrival.pin, identity, surroundings.random_bytes))
