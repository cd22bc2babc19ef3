"""A person's answer: verified, the new identity accepted, or the old one kept.

    another identity is in question      verify, accept    the pin is replaced, texts go to it
                                         keep              the pin stays, what was held is dropped
    texts to a former key are held back  verify, accept    they go to the pinned one
                                         keep              they fail, and are sent to nobody

Spec: docs/client.md#a-changed-key
"""

from client.errors import LocalError
from client.messaging import holding_back, notices, replacing
from client.messaging.outcomes import Outcome
from client.store import contacts, held, history, outbox
from client.store.transaction import Transaction
from client.values import Surroundings
from protocol.ids import Name


def verify(
    tx: Transaction, peer: Name, identity: bytes, surroundings: Surroundings
) -> list[Outcome]:
    """Note that a person compared the number of ``identity`` and found it right.

    If it is the one in question, it is accepted with that; texts that were held
    back go to it.

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
        return replacing.accept(tx, peer, identity, surroundings, verified=True)
    if identity != pin.identity:
        raise _changed_meanwhile(peer)
    contacts.set_verified(tx, peer)
    history.mark_notices_told(tx, peer)
    holding_back.release(tx, peer)
    return []


def accept_identity(
    tx: Transaction, peer: Name, identity: bytes, surroundings: Surroundings
) -> list[Outcome]:
    """Rely on ``identity`` without having compared it.

    In question, it takes the place of the pin; pinned already, it gets the texts
    that were held back. Whoever was verified before is so no longer in the first case.

    Returns, raises: as :func:`verify`.
    """
    pin = contacts.find(tx, peer)
    if identity == pin.pending_identity:
        return replacing.accept(tx, peer, identity, surroundings, verified=False)
    if identity != pin.identity or pin.pending_identity or not outbox.held_back(tx, peer):
        raise _changed_meanwhile(peer)
    history.mark_notices_told(tx, peer)
    holding_back.release(tx, peer)
    return []


def keep_identity(tx: Transaction, peer: Name, surroundings: Surroundings) -> None:
    """Rely on no new key: the pin stays, or else what was written to a former one goes nowhere.

    What is held under the identity in question is dropped. If the relay shows it
    again, the question comes again.

    Raises:
        LocalError: there is no question.
    """
    if contacts.find(tx, peer).pending_identity is not None:
        contacts.set_pending(tx, peer, None)
        held.take(tx, peer)
        notices.identity_refused(tx, peer, surroundings.random_bytes)
    elif outbox.held_back(tx, peer):
        holding_back.give_up(tx, peer)
    else:
        raise no_question(peer)


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
