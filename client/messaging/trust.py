"""Pins: the first identity is taken; what another one does depends on whether it was verified.

    nothing known ── first key (relay's word) ──▶ pinned ── compared ──▶ verified
                                                     │                      │
                     the relay's directory shows another key     another key, vouched for
                                                     │           by the relay: a question
                      pin replaced, with a notice;   │                      │
                      texts without a receipt wait   │         nothing goes out, envelopes under
                      for an answer of their own     │         the other key are held unopened
                                                                            │
                       accepted: pin replaced, held envelopes opened, what was not
                                 delivered goes to the new key
                       refused:  as before; what was held is dropped
                       the directory shows the pinned one again: closed, as refused

While there is a question, messages on the sessions of the pinned identity are opened. What
replacing does is in :mod:`client.messaging.replacing`, what an answer does in
:mod:`client.messaging.answers`.

Spec: docs/client.md#a-changed-key
"""

from dataclasses import dataclass

from client.errors import LocalError
from client.messaging import notices
from client.store import account, contacts, outbox
from client.store.contacts import Pin
from client.store.transaction import Transaction
from client.values import TrustQuestion
from protocol.e2ee.safety_number import safety_number
from protocol.ids import Name
from protocol.randomness import RandomBytes


@dataclass(frozen=True, slots=True)
class ShownNumber:
    """A safety number and the peer's identity it was made of."""

    identity: bytes
    digits: str


@dataclass(frozen=True, slots=True)
class ResendQuestion:
    """Whether texts written to a former key of ``peer`` are to go to the present one.

    Args:
        text_count: how many; none of them has a receipt.
        shown: 60 digits, of the present identity.
        identity: the present one, for an answer about exactly this key.
    """

    peer: Name
    text_count: int
    shown: str
    identity: bytes


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """Whether another identity of ``peer`` is to take the place of the expected one.

    Args:
        verified: a person had compared the expected number.
        expected: 60 digits, of the pinned identity.
        shown: 60 digits, of the other one.
        identity: the other one, for an answer about exactly this key.
    """

    peer: Name
    verified: bool
    expected: str
    shown: str
    identity: bytes


Question = OpenQuestion | ResendQuestion


def agrees(pin: Pin, identity: bytes) -> bool:
    """Tell whether ``identity`` is the pinned one, or the first."""
    return pin.identity is None or pin.identity == identity


def pin_if_first(
    tx: Transaction, pin: Pin, identity: bytes, at_ms: int, random_bytes: RandomBytes
) -> None:
    """Pin ``identity``, shown at ``at_ms``, if nothing is pinned yet: trust on first use."""
    if pin.identity is None:
        contacts.pin(tx, pin.name, identity)
        notices.first_contact(tx, pin.name, at_ms, random_bytes)


def ask(
    tx: Transaction, pin: Pin, identity: bytes, random_bytes: RandomBytes
) -> TrustQuestion | None:
    """Put the question whether ``identity`` is to replace the pin, unless it is open already.

    Nothing is asked about somebody who is blocked: nothing goes there anyway.

    Args:
        identity: one that the relay vouches for.
    """
    if pin.blocked or pin.pending_identity == identity:
        return None
    contacts.set_pending(tx, pin.name, identity)
    notices.identity_changed(tx, pin.name, random_bytes, verified=pin.verified)
    return TrustQuestion(pin.name, pin.verified)


def open_question(tx: Transaction, peer: Name) -> Question | None:
    """Give the question that is open about ``peer``, with the numbers, or None.

    While it is open which key is theirs, nothing is asked about texts.
    """
    pin = contacts.find(tx, peer)
    if pin.identity is None:
        return None
    if pin.pending_identity is not None:
        expected, shown = _digits(tx, peer, pin.identity), _digits(tx, peer, pin.pending_identity)
        return OpenQuestion(peer, pin.verified, expected, shown, pin.pending_identity)
    text_count = len(outbox.held_back(tx, peer))
    if not text_count:
        return None
    return ResendQuestion(peer, text_count, _digits(tx, peer, pin.identity), pin.identity)


def number_to_compare(tx: Transaction, peer: Name) -> ShownNumber:
    """Give the safety number with the identity that ``peer`` shows now.

    Raises:
        LocalError: no key of this peer is known yet.
    """
    pin = contacts.find(tx, peer)
    identity = pin.pending_identity or pin.identity
    if identity is None:
        raise LocalError(
            f"No key of {peer} is known yet.", hint="Exchange a message first, then verify."
        )
    return ShownNumber(identity, _digits(tx, peer, identity))


def _digits(tx: Transaction, peer: Name, identity: bytes) -> str:
    own = account.get(tx)
    return safety_number(own.name, own.device.identity.public, peer, identity)
