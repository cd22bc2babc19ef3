"""What passes between a client and one vault during recovery.

Spec: docs/recovery.md#recovery
"""

from dataclasses import dataclass

from protocol.packing import U8, Key32
from protocol.recovery import dleq
from protocol.recovery.dleq import Proof
from protocol.recovery.group import Element
from protocol.recovery.shapes import ProofBytes, RecordId, TagField


@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    """A guess: evaluate this blinded element. It tells nothing about the password."""

    record_id: RecordId
    element: Key32


@dataclass(frozen=True, slots=True)
class EvaluationAnswer:
    """The evaluated element, the proof that the committed share did it, and what is left."""

    element: Key32
    proof: ProofBytes
    guesses_left: U8


@dataclass(frozen=True, slots=True)
class UnlockRequest:
    """The password was right: set the count to zero. Sent only after the slot has opened."""

    record_id: RecordId
    tag: TagField


def verified_element(public_share: Element, asked: Element, answer: EvaluationAnswer) -> Element:
    """Give the answer's element, proven to be the vault's own share of the whole answer.

    Raises:
        BadElement: it is no element.
        BadProof: it was made with anything but the share of ``public_share``.
    Cost: about 2 ms.
    """
    element = Element.decode_untrusted(answer.element)
    dleq.verify(public_share, [(asked, element)], Proof.decode_untrusted(answer.proof))
    return element
