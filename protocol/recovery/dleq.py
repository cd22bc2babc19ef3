"""Proofs that two pairs share a logarithm: the same key made B of G and D of C.

Schnorr's proof, for a whole batch at once: the pairs are folded into one by
scalars that hash them all. It tells nothing about the key.

Spec: docs/recovery.md#oprf, RFC 9497, section 2.2
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from hashlib import sha512
from typing import Final, Self

from protocol.encoding import u16
from protocol.recovery import group, scalar
from protocol.recovery.errors import BadProof
from protocol.recovery.group import Element
from protocol.recovery.hashing import Mode, context, hash_to_scalar, prefixed
from protocol.recovery.scalar import SCALAR_BYTES, Scalar

PROOF_BYTES: Final = 2 * SCALAR_BYTES

_MODE: Final = Mode.VOPRF

Pair = tuple[Element, Element]
"""What was asked, and what was answered."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A challenge and the response to it; both public."""

    challenge: Scalar
    response: Scalar

    def encode(self) -> bytes:
        """Give the 64 bytes that travel."""
        return self.challenge.expose() + self.response.expose()

    @classmethod
    def decode_untrusted(cls, data: bytes) -> Self:
        """Read a proof.

        Raises:
            BadProof: not 64 bytes, or a scalar that is not below the order.
        """
        if len(data) != PROOF_BYTES:
            raise BadProof("answer")
        try:
            return cls(Scalar(data[:SCALAR_BYTES]), Scalar(data[SCALAR_BYTES:]))
        except ValueError as error:
            raise BadProof("answer") from error


def prove(key: Scalar, public: Element, pairs: Sequence[Pair], nonce: Scalar) -> Proof:
    """Prove that ``key`` made ``public`` of the generator and each answer of its question.

    Args:
        nonce: random, for this proof alone: two proofs with one nonce give the key away.
    """
    folded = _fold([asked for asked, _ in pairs], _weights(public, pairs))
    commitments = (group.multiply_generator(nonce), group.multiply(nonce, folded))
    challenge = _challenge(public, (folded, group.multiply(key, folded)), commitments)
    return Proof(challenge, scalar.subtract(nonce, scalar.multiply(challenge, key)))


def verify(public: Element, pairs: Sequence[Pair], proof: Proof) -> None:
    """Check a proof.

    Raises:
        BadProof: some answer was made with another key than ``public``.
    Cost: about 2 ms for one pair.
    """
    weights = _weights(public, pairs)
    asked = _fold([pair[0] for pair in pairs], weights)
    answered = _fold([pair[1] for pair in pairs], weights)
    commitments = (
        group.add(
            group.multiply_generator(proof.response), group.multiply(proof.challenge, public)
        ),
        group.add(group.multiply(proof.response, asked), group.multiply(proof.challenge, answered)),
    )
    if _challenge(public, (asked, answered), commitments) != proof.challenge:
        raise BadProof("answer")


def _weights(public: Element, pairs: Sequence[Pair]) -> list[Scalar]:
    """Give each pair's scalar: nobody can choose pairs that cancel out."""
    seed = sha512(prefixed(public.encoding) + prefixed(b"Seed-" + context(_MODE))).digest()
    return [
        hash_to_scalar(
            prefixed(seed)
            + u16(index)
            + prefixed(asked.encoding)
            + prefixed(answered.encoding)
            + b"Composite",
            _MODE,
        )
        for index, (asked, answered) in enumerate(pairs)
    ]


def _fold(elements: Sequence[Element], weights: Sequence[Scalar]) -> Element:
    return reduce(group.add, map(group.multiply, weights, elements))


def _challenge(public: Element, folded: Pair, commitments: Pair) -> Scalar:
    elements = (public, *folded, *commitments)
    transcript = b"".join(prefixed(element.encoding) for element in elements)
    return hash_to_scalar(transcript + b"Challenge", _MODE)
