"""RFC 9497 over ristretto255-SHA512: all vectors of OPRF and VOPRF, and what proofs refuse."""

import pytest

from protocol.randomness import RandomBytes
from protocol.recovery import dleq, group, oprf
from protocol.recovery.dleq import Proof
from protocol.recovery.errors import BadProof
from protocol.recovery.group import GENERATOR, Element
from protocol.recovery.hashing import Mode
from protocol.recovery.oprf import OprfInput
from protocol.recovery.scalar import Blind, KeyShare, OprfKey, Scalar, random_scalar, scalar_of
from tests.protocol.recovery.published import OprfVector, oprf_vectors
from tests.support.randomness import SeededBytes

DRAW = SeededBytes("oprf")
SHARE = KeyShare(random_scalar(DRAW))
PUBLIC = group.multiply_generator(SHARE)
ASKED = group.multiply_generator(Scalar(random_scalar(DRAW)))
ANSWER = oprf.evaluate_provably(SHARE, ASKED, DRAW)


def _drawing(scalar: bytes) -> RandomBytes:
    """Give a generator that draws this very scalar."""
    return lambda size: scalar.ljust(size, b"\0")


def _walk(vector: OprfVector, mode: Mode) -> None:
    key = OprfKey(vector.key)
    for at, value in enumerate(map(OprfInput, vector.inputs)):
        blinded = oprf.blind(value, _drawing(vector.blinds[at]), mode)
        assert blinded.blind == Blind(vector.blinds[at])
        assert blinded.element.encoding == vector.blinded[at]
        evaluated = oprf.evaluate(key, blinded.element)
        assert evaluated.encoding == vector.evaluated[at]
        assert oprf.finalize(value, blinded.blind, evaluated).expose() == vector.outputs[at]


@pytest.mark.parametrize("vector", oprf_vectors(0, 2))
def test_the_vectors_of_oprf(vector: OprfVector) -> None:
    _walk(vector, Mode.OPRF)


@pytest.mark.parametrize("vector", oprf_vectors(1, 3))
def test_the_vectors_of_voprf(vector: OprfVector) -> None:
    _walk(vector, Mode.VOPRF)
    key = OprfKey(vector.key)
    public = group.multiply_generator(key)
    assert public.encoding == vector.public
    pairs = [
        (Element.decode_untrusted(asked), Element.decode_untrusted(answered))
        for asked, answered in zip(vector.blinded, vector.evaluated, strict=True)
    ]
    proof = dleq.prove(key, public, pairs, Scalar(vector.nonce))
    assert proof.encode() == vector.proof
    dleq.verify(public, pairs, Proof.decode_untrusted(vector.proof))


def test_an_answer_verifies_against_its_own_public_share_only() -> None:
    pair = (ASKED, ANSWER.element)
    dleq.verify(PUBLIC, [pair], ANSWER.proof)
    other = group.add(PUBLIC, GENERATOR)
    for public, asked, answered in (
        (other, *pair),
        (PUBLIC, other, ANSWER.element),
        (PUBLIC, ASKED, other),
        (PUBLIC, ANSWER.element, ASKED),
    ):
        with pytest.raises(BadProof):
            dleq.verify(public, [(asked, answered)], ANSWER.proof)


def test_answers_that_cancel_out_are_refused() -> None:
    """Without the weights, an error in one answer could be undone in another."""
    pairs = [(ASKED, ANSWER.element), (ASKED, ANSWER.element)]
    proof = dleq.prove(SHARE, PUBLIC, pairs, scalar_of(7))
    dleq.verify(PUBLIC, pairs, proof)
    minus = group.multiply(scalar_of(-1), GENERATOR)
    cheat = [
        (ASKED, group.add(ANSWER.element, GENERATOR)),
        (ASKED, group.add(ANSWER.element, minus)),
    ]
    with pytest.raises(BadProof):
        dleq.verify(PUBLIC, cheat, proof)


def test_every_changed_byte_of_a_proof_is_refused() -> None:
    proof = ANSWER.proof.encode()
    for at in range(0, 64, 7):
        forged = proof[:at] + bytes([proof[at] ^ 1]) + proof[at + 1 :]
        with pytest.raises(BadProof):
            dleq.verify(PUBLIC, [(ASKED, ANSWER.element)], Proof.decode_untrusted(forged))


@pytest.mark.parametrize("data", [b"", bytes(63), bytes(65), b"\xff" * 64])
def test_what_is_no_proof_is_refused(data: bytes) -> None:
    with pytest.raises(BadProof):
        Proof.decode_untrusted(data)


def test_two_blinds_hide_one_input_differently() -> None:
    value = OprfInput(b"same")
    one, two = oprf.blind(value, DRAW), oprf.blind(value, DRAW)
    assert one.element != two.element
    outputs = [
        oprf.finalize(value, each.blind, oprf.evaluate(SHARE, each.element)) for each in (one, two)
    ]
    assert outputs[0] == outputs[1]
