"""The pinned identity of a contact gives way to another one.

    take      the contact was never verified, and the relay's directory shows
              another identity: a notice, and the conversation goes on
    accept    a person says so (:mod:`.answers`)
    decline   the directory shows the pinned one: nothing gives way

In the first two cases, in one transaction: what belonged to the former identity is
forgotten, texts without a receipt are held back, the counters start again, and
envelopes that were held under the new one are opened, after the line that
speaks of the change.

Spec: docs/client.md#a-changed-key
"""

from client.messaging import holding_back, notices
from client.messaging.outcomes import Outcome
from client.messaging.receiving import receive, set_aside
from client.store import (
    contacts,
    gaps,
    held,
    peer_keys,
    profile_keys,
    receipts_due,
    sent,
    sessions,
    settings,
)
from client.store.contacts import Pin
from client.store.transaction import Transaction
from client.values import Delivery, Surroundings
from protocol.errors import CallerError
from protocol.ids import Name


def may_be_taken(pin: Pin) -> bool:
    """Tell whether another identity is taken on the word of the relay's directory."""
    return not pin.verified and not pin.blocked


def take(tx: Transaction, pin: Pin, identity: bytes, surroundings: Surroundings) -> None:
    """Go on with ``identity``, which the relay's directory shows for a contact never verified."""
    held_back_count = _replace(tx, pin.name, identity, surroundings, verified=False)
    # Above what was held: nobody reads that before this.
    now_ms = settings.relay_clock_ms(tx)
    first_ms = held.first_arrival_ms(tx, pin.name, identity)
    at_ms = now_ms if first_ms is None else min(first_ms, now_ms)
    notices.identity_replaced(tx, pin.name, at_ms, held_back_count, surroundings.random_bytes)
    _open_held(tx, pin.name, identity, surroundings)


def accept(
    tx: Transaction, peer: Name, identity: bytes, surroundings: Surroundings, *, verified: bool
) -> list[Outcome]:
    """Go on with ``identity``, because a person says so; texts without a receipt go to it.

    Args:
        verified: the person compared the safety number.

    Returns:
        What came of the envelopes that were held under it.
    """
    _replace(tx, peer, identity, surroundings, verified=verified)
    notices.identity_accepted(tx, peer, surroundings.random_bytes, verified=verified)
    holding_back.release(tx, peer)
    return _open_held(tx, peer, identity, surroundings)


def decline(tx: Transaction, pin: Pin, surroundings: Surroundings) -> None:
    """Take note that the directory shows the pinned identity: a question about another is moot.

    What anybody may have sealed under another identity was forged then, and is
    dropped; what the relay saw that identity send is a visible gap (it may be a
    former device, from before a change). While a question is open about that,
    it stays: a relay that contradicts itself settles nothing.
    """
    if pin.pending_identity is not None:
        if held.has_vouched(tx, pin.name):
            return
        contacts.set_pending(tx, pin.name, None)
        notices.identity_as_expected(tx, pin.name, surroundings.random_bytes)
    for each in held.take(tx, pin.name):
        if each.delivery.vouched is not None:
            set_aside(tx, each.delivery, "it came under another key than the one that is expected")


def _replace(
    tx: Transaction, peer: Name, identity: bytes, surroundings: Surroundings, *, verified: bool
) -> int:
    """Forget what belonged to the former identity; tell how many texts are held back."""
    held_back_count = holding_back.hold_back(tx, peer, surroundings)
    contacts.replace_pin(tx, peer, identity, verified=verified)
    for forget in (
        sessions.forget_peer,
        peer_keys.forget,
        profile_keys.forget_peer,
        receipts_due.forget,
        sent.forget,
        gaps.forget,
    ):
        forget(tx, peer)
    return held_back_count


def _open_held(
    tx: Transaction, peer: Name, identity: bytes, surroundings: Surroundings
) -> list[Outcome]:
    """Open what was held under ``identity``; what was held under yet another one is dropped."""
    confirmed = [each.delivery for each in held.take(tx, peer) if each.identity == identity]
    return [_open(tx, delivery, surroundings) for delivery in confirmed]


def _open(tx: Transaction, delivery: Delivery, surroundings: Surroundings) -> Outcome:
    """Open one; if our own side fails over it, the others and the new pin stand all the same.

    It was acknowledged long ago: raising would end each fetch and each answer about this peer.
    """
    try:
        with tx.undoing():
            return receive(tx, delivery, surroundings)
    except CallerError as error:
        return set_aside(tx, delivery, str(error))
