"""What an opened message changes in the store: all of it, in the transaction that opened it.

Spec: docs/client.md#receiving
"""

from dataclasses import replace

from client.messaging import gap_lines, profile_sharing, receipts, resending, trust
from client.messaging.arrival import Arrival
from client.messaging.opening import Opened
from client.messaging.outcomes import (
    Asked,
    Dropped,
    Duplicate,
    KeyTold,
    Outcome,
    Receipted,
    Received,
)
from client.store import (
    gaps,
    handshakes,
    history,
    peer_keys,
    prekeys,
    profile_keys,
    receipts_due,
    seen,
    sessions,
    settings,
    specimens,
)
from client.store.gaps import Gap
from client.store.history import NewEntry
from client.store.prekeys import PrekeyKind
from client.store.transaction import Transaction
from client.values import EntryKind, MessageState, Specimen, Surroundings
from protocol.e2ee.content import Content, ProfileKeyTold, Receipt, Text, Unknown
from protocol.e2ee.handshake_header import HandshakeHeader, KemKind
from protocol.e2ee.retry import RetryRequest


def file_message(
    tx: Transaction, arrival: Arrival, opened: Opened, surroundings: Surroundings
) -> Outcome:
    """Store an opened message: keys and marks first, then what it says."""
    delivery, peer = arrival.delivery, arrival.claimed_peer
    if opened.accepted is not None:
        sessions.add(tx, opened.session, delivery.arrival_ms)
        _use_up(tx, opened.accepted, opened.session.associated_data)
    sessions.update_received(tx, opened.session, delivery.arrival_ms)
    seen.add(tx, delivery.envelope_id, arrival.payload.body, delivery.arrival_ms)
    settings.hear_arrival(tx, delivery.arrival_ms)
    identity, at_ms = opened.session.peer_identity, delivery.arrival_ms
    trust.pin_if_first(tx, arrival.pin, identity, at_ms, surroundings.random_bytes)
    if opened.accepted is not None:
        peer_keys.doubt_sealing_key(tx, peer)
    if delivery.vouched is not None:
        profile_sharing.heard_with_name(tx, peer, delivery.arrival_ms)
    body = opened.content.body
    if isinstance(body, Receipt):
        news = receipts.apply(tx, arrival.own.name, peer, body, delivery.arrival_ms)
        return Receipted(peer, news)
    if isinstance(body, ProfileKeyTold):
        profile_keys.learn(tx, peer, body.key)
        return KeyTold(peer)
    if arrival.pin.blocked:
        return Dropped()
    if isinstance(body, RetryRequest):
        resending.answer(tx, opened.session, opened.content.message_id, body, surroundings)
        return Asked(peer)
    return _file_line(tx, arrival, opened.content)


def _use_up(tx: Transaction, handshake: HandshakeHeader, transcript_hash: bytes) -> None:
    """Let a handshake open nothing a second time: its pair dies, or it is remembered."""
    handshakes.remember(tx, transcript_hash, handshake.signed_prekey_id)
    if handshake.kem_kind is KemKind.ONE_TIME:
        prekeys.delete(tx, PrekeyKind.ONE_TIME, handshake.kem_id)


def _file_line(tx: Transaction, arrival: Arrival, content: Content) -> Outcome:
    peer, delivery = arrival.claimed_peer, arrival.delivery
    gap = gaps.filled_by(tx, peer, delivery.envelope_id)
    row_id = history.add(tx, _entry(tx, arrival, content, gap))
    if gap is not None:
        gap_lines.fill(tx, gap)
    if content.counter:
        # Also for a message that is here already: its sender has not heard of that.
        receipts_due.add(tx, peer, content.message_id)
    if row_id is None:
        return Duplicate()
    payload, named = arrival.payload.encode(), delivery.vouched is not None
    specimens.add(tx, Specimen(content.message_id, peer, False, delivery.envelope, payload, named))
    return Received(peer, row_id)


def _entry(tx: Transaction, arrival: Arrival, content: Content, gap: Gap | None) -> NewEntry:
    """Give the line for a message; one that fills a gap stands where the gap was."""
    body = content.body
    newer = isinstance(body, Unknown)
    entry = NewEntry(
        peer=arrival.claimed_peer,
        sender=arrival.claimed_peer,
        message_id=content.message_id,
        kind=EntryKind.UNSUPPORTED if newer else EntryKind.TEXT,
        text=body.text if isinstance(body, Text) else "",
        state=MessageState.RECEIVED,
        sent_at_ms=content.sent_at_ms,
        arrival_ms=arrival.delivery.arrival_ms if gap is None else gap.arrival_ms,
        series=arrival.pin.series,
        counter=content.counter,
        raw=body.raw if isinstance(body, Unknown) else None,
        repaired=gap is not None,
    )
    # A sender whose disk was put back counts the same numbers again: only the arrival orders those.
    return replace(entry, counter=0) if history.has_other_with_counter(tx, entry) else entry
