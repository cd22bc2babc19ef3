"""A person's answer: verified, the new identity accepted, or the old one kept.

Spec: docs/client.md#receiving
"""

from client.errors import LocalError
from client.messaging import notices
from client.messaging.outcomes import Outcome
from client.messaging.receiving import receive
from client.messaging.sending import queue_undelivered_again
from client.store import (
    contacts,
    gaps,
    held,
    outbox,
    peer_keys,
    profile_keys,
    receipts_due,
    sent,
    sessions,
)
from client.store.transaction import Transaction
from client.values import Surroundings
from protocol.ids import Name


def verify(
    tx: Transaction, peer: Name, identity: bytes, surroundings: Surroundings
) -> list[Outcome]:
    """Note that a person compared the number of ``identity`` and found it right.

    If it is the one in question, it is accepted with that.

    Args:
        identity: the one of the number that was shown, so that a key which
            changed while the person compared is not taken for the compared one.

    Returns:
        What came of the envelopes that were held under it.

    Raises:
        LocalError: ``identity`` is neither pinned nor in question (any more).
    """
    pin = contacts.find(tx, peer)
    if identity == pin.pending_identity:
        return accept_identity(tx, peer, identity, surroundings, verified=True)
    if identity != pin.identity:
        raise _changed_meanwhile(peer)
    contacts.set_verified(tx, peer)
    return []


def accept_identity(
    tx: Transaction, peer: Name, identity: bytes, surroundings: Surroundings, *, verified: bool
) -> list[Outcome]:
    """Replace the pin by the identity in question, and go on under the new one.

    What belonged to the old one is forgotten; texts of ours without a receipt
    wait for the new keys, under their old message ids.

    Args:
        verified: the person compared the safety number.

    Returns, raises: as :func:`verify`.
    """
    if contacts.find(tx, peer).pending_identity != identity:
        raise _changed_meanwhile(peer)
    contacts.replace_pin(tx, peer, identity, verified=verified)
    for forget in (
        sessions.forget_peer,
        peer_keys.forget,
        profile_keys.forget_peer,
        receipts_due.forget,
        outbox.delete_peer,
        sent.forget,
        gaps.forget,
    ):
        forget(tx, peer)
    notices.identity_accepted(tx, peer, surroundings.random_bytes, verified=verified)
    queue_undelivered_again(tx, peer, surroundings)
    confirmed = [each.delivery for each in held.take(tx, peer) if each.identity == identity]
    return [receive(tx, delivery, surroundings) for delivery in confirmed]


def keep_identity(tx: Transaction, peer: Name, surroundings: Surroundings) -> None:
    """Stay with the pinned identity; what is held under the other one is dropped.

    If the relay shows the other one again, the question comes again.

    Raises:
        LocalError: there is no question.
    """
    if contacts.find(tx, peer).pending_identity is None:
        raise no_question(peer)
    contacts.set_pending(tx, peer, None)
    held.take(tx, peer)
    notices.identity_refused(tx, peer, surroundings.random_bytes)


def no_question(peer: Name) -> LocalError:
    """Say that there is nothing to answer."""
    return LocalError(
        f"There is no question open about {peer}.",
        hint=f"Compare the key that is expected: glasspost verify {peer}",
    )


def _changed_meanwhile(peer: Name) -> LocalError:
    return LocalError(
        f"The key of {peer} is not the one that was shown.",
        why="It changed, or was decided about, in the meantime.",
        hint=f"Look again: glasspost verify {peer}, or glasspost trust {peer}",
    )
