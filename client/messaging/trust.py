"""Pins: the first identity is taken, another one never without a person.

    nothing known ── first key (relay's word) ──▶ pinned ── compared ──▶ verified
                                                     │                      │
                              another key, vouched for by the relay: a question
                                                     │
               nothing goes out, envelopes under the other key are held unopened
                                                     │
                       accepted: pin replaced, held envelopes opened, what was not
                                 delivered goes to the new key
                       refused:  as before; what was held is dropped
                       the directory shows the pinned one again: closed, as refused

Messages on the sessions of the pinned identity are opened all the time. What the
answer does is in :mod:`client.messaging.answers`.

Spec: docs/client.md#receiving
"""

from dataclasses import dataclass

from client.errors import LocalError
from client.messaging import notices
from client.store import account, contacts, held
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
class OpenQuestion:
    """What a person has to decide about ``peer``.

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

    Args:
        identity: one that the relay vouches for.
    """
    if pin.pending_identity == identity:
        return None
    contacts.set_pending(tx, pin.name, identity)
    notices.identity_changed(tx, pin.name, random_bytes, verified=pin.verified)
    return TrustQuestion(pin.name, pin.verified)


def close_if_expected(tx: Transaction, pin: Pin, random_bytes: RandomBytes) -> None:
    """Take note that the directory shows the pinned identity: an open question about it is moot.

    What is held under another identity was then forged by somebody else, and is
    dropped. Not so where the relay itself saw another identity send it: a relay
    that contradicts itself settles nothing, and the question stays.
    """
    if pin.pending_identity is not None:
        if held.has_vouched(tx, pin.name):
            return
        contacts.set_pending(tx, pin.name, None)
        notices.identity_as_expected(tx, pin.name, random_bytes)
    held.take(tx, pin.name)


def open_question(tx: Transaction, peer: Name) -> OpenQuestion | None:
    """Give the question that is open about ``peer``, with both numbers, or None."""
    pin, own = contacts.find(tx, peer), account.get(tx)
    if pin.identity is None or pin.pending_identity is None:
        return None
    expected, shown = (
        safety_number(own.name, own.device.identity.public, peer, identity)
        for identity in (pin.identity, pin.pending_identity)
    )
    return OpenQuestion(peer, pin.verified, expected, shown, pin.pending_identity)


def number_to_compare(tx: Transaction, peer: Name) -> ShownNumber:
    """Give the safety number with the identity that ``peer`` shows now.

    Raises:
        LocalError: no key of this peer is known yet.
    """
    pin, own = contacts.find(tx, peer), account.get(tx)
    identity = pin.pending_identity or pin.identity
    if identity is None:
        raise LocalError(
            f"No key of {peer} is known yet.", hint="Exchange a message first, then verify."
        )
    digits = safety_number(own.name, own.device.identity.public, peer, identity)
    return ShownNumber(identity, digits)
