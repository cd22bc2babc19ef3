"""A vault shows that it still has its share, without using it on anything.

Schnorr's proof over the asker's nonce. Evaluating a chosen point would show it too,
and would be a guess that nobody counts.

Spec: docs/recovery.md#possession
"""

from dataclasses import dataclass
from hashlib import sha512
from typing import Final

from protocol.encoding import encode_fields
from protocol.labels import Label
from protocol.packing import Key32
from protocol.randomness import RandomBytes
from protocol.recovery import group, scalar
from protocol.recovery.dleq import Proof
from protocol.recovery.errors import BadProof
from protocol.recovery.group import Element
from protocol.recovery.scalar import KeyShare, Scalar, random_scalar, reduce_wide
from protocol.recovery.shapes import RecordId

NONCE_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class PossessionQuestion:
    """Has this vault the share of that record? Drawn anew by whoever asks."""

    vault_key: Key32
    record_id: RecordId
    nonce: Key32


def prove_possession(
    share: KeyShare, question: PossessionQuestion, random_bytes: RandomBytes
) -> Proof:
    """Prove that ``share`` is here, to whoever drew the question's nonce."""
    nonce = Scalar(random_scalar(random_bytes))
    public = group.multiply_generator(share)
    challenge = _challenge(question, public, group.multiply_generator(nonce))
    return Proof(challenge, scalar.subtract(nonce, scalar.multiply(challenge, share)))


def verify_possession(public: Element, question: PossessionQuestion, proof: Proof) -> None:
    """Check a proof against the public share.

    Raises:
        BadProof: the vault has not got the share, or answered another question.
    """
    commitment = group.add(
        group.multiply_generator(proof.response), group.multiply(proof.challenge, public)
    )
    if _challenge(question, public, commitment) != proof.challenge:
        raise BadProof("share's possession")


def _challenge(question: PossessionQuestion, public: Element, commitment: Element) -> Scalar:
    fields = (
        question.vault_key,
        question.record_id,
        question.nonce,
        public.encoding,
        commitment.encoding,
    )
    return Scalar(reduce_wide(sha512(encode_fields(Label.SHARE_POSSESSION, *fields)).digest()))
