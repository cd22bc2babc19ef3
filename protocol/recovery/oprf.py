"""The oblivious PRF: a client learns F(key, input), the server neither input nor output.

    client                                server
    blinded = blind * H(input)    ──▶
                                  ◀──     evaluated = key * blinded, and a proof
    output = Hash(input, 1/blind * evaluated)

Spec: docs/recovery.md#oprf, RFC 9497, section 3.3
"""

from dataclasses import dataclass
from hashlib import sha512
from typing import ClassVar

from protocol.randomness import RandomBytes
from protocol.recovery import dleq, group, scalar
from protocol.recovery.dleq import Proof
from protocol.recovery.group import IDENTITY, Element
from protocol.recovery.hashing import Mode, hash_to_group, prefixed
from protocol.recovery.scalar import Blind, KeyShare, NonzeroScalar, Scalar, random_scalar
from protocol.secret import Secret


class OprfInput(Secret):
    """What goes in: for passwords 32 bytes of Argon2id, never the password itself."""

    __slots__ = ()
    SIZE: ClassVar[int | None] = None


class OprfOutput(Secret):
    """What comes out, 64 bytes: the input of a KDF, never itself a key."""

    __slots__ = ()
    SIZE: ClassVar[int | None] = 64


@dataclass(frozen=True, slots=True)
class Blinded:
    """A question: the blind stays with the client, the element is sent."""

    blind: Blind
    element: Element


@dataclass(frozen=True, slots=True)
class Evaluated:
    """An answer and the proof of it."""

    element: Element
    proof: Proof


def blind(value: OprfInput, random_bytes: RandomBytes, mode: Mode = Mode.VOPRF) -> Blinded:
    """Hide ``value`` under a fresh blind.

    The hash into the group is Python's and not constant-time; it runs on the user's own machine.

    Raises:
        ValueError: the input hashes to the identity, which nobody will ever see.
    """
    hidden = Blind(random_scalar(random_bytes))
    element = group.multiply(hidden, hash_to_group(value.expose(), mode))
    if element == IDENTITY:
        raise ValueError("the input hashes to the identity")
    return Blinded(hidden, element)


def evaluate(key: NonzeroScalar, asked: Element) -> Element:
    """Answer without a proof: the OPRF itself."""
    return group.multiply(key, asked)


def evaluate_provably(share: KeyShare, asked: Element, random_bytes: RandomBytes) -> Evaluated:
    """Answer, and prove that ``share`` did it.

    Cost: about 2 ms.
    """
    answer = evaluate(share, asked)
    public = group.multiply_generator(share)
    nonce = Scalar(random_scalar(random_bytes))
    return Evaluated(answer, dleq.prove(share, public, [(asked, answer)], nonce))


def finalize(value: OprfInput, hidden: Blind, answer: Element) -> OprfOutput:
    """Take the blind off a verified answer."""
    unblinded = group.multiply(scalar.invert(hidden), answer).encoding
    return OprfOutput(sha512(prefixed(value.expose()) + prefixed(unblinded) + b"Finalize").digest())
