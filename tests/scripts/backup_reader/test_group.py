"""The reader's own arithmetic: the published vectors of RFC 9496 and RFC 9497."""

import pytest

from protocol.recovery import group as ours
from protocol.recovery import shamir
from protocol.recovery.scalar import OprfKey, random_scalar
from scripts.backup_reader.group import (
    GENERATOR,
    Element,
    blind_element,
    combined,
    decode,
    finalized,
    map_to_group,
    proven,
)
from tests.protocol.recovery.published import OprfVector, oprf_vectors, ristretto_vectors
from tests.support.randomness import SeededBytes


def test_p9_multiples_of_the_generator() -> None:
    total = Element(0, 1)
    for index, each in enumerate(ristretto_vectors("multiples_of_generator_0_to_15", 16)):
        assert GENERATOR.times(index).encode().hex() == total.encode().hex() == each
        total = total.plus(GENERATOR)


def test_p9_elements_from_hashes() -> None:
    for each in ristretto_vectors("from_uniform_64", 7):
        data = bytes.fromhex(each["uniform"])
        element = map_to_group(data[:32]).plus(map_to_group(data[32:]))
        assert element.encode().hex() == each["point"]


def test_p9_bad_encodings_are_refused() -> None:
    for each in (bytes(32), bytes(31), *map(bytes.fromhex, ristretto_vectors("bad_encodings", 30))):
        with pytest.raises(ValueError, match="not an element"):
            decode(each)


@pytest.mark.parametrize("vector", [each for each in oprf_vectors(1, 3) if len(each.inputs) == 1])
def test_p9_the_vectors_of_voprf(vector: OprfVector) -> None:
    value, blind = vector.inputs[0], int.from_bytes(vector.blinds[0], "little")
    (asked,), (answer,) = vector.blinded, vector.evaluated
    assert blind_element(value, blind) == asked
    assert finalized(value, blind, decode(answer)) == vector.outputs[0]
    assert proven(vector.public, asked, answer, vector.proof)


def test_a_changed_proof_proves_nothing() -> None:
    vector = oprf_vectors(1, 3)[0]
    (asked,), (answer,) = vector.blinded, vector.evaluated
    for place in (0, 31, 32, 63):
        proof = bytearray(vector.proof)
        proof[place] ^= 1
        assert not proven(vector.public, asked, answer, bytes(proof))
    assert not proven(vector.public, asked, asked, vector.proof)
    assert not proven(answer, asked, answer, vector.proof)
    assert not proven(vector.public, asked, answer, vector.proof + b"\0")
    assert not proven(vector.public, asked, answer, b"")


@pytest.mark.parametrize("chosen", [(1, 2), (3, 1), (2, 3), (1, 2, 3)])
def test_any_t_answers_come_to_the_key(chosen: tuple[int, ...]) -> None:
    draw = SeededBytes("shares")
    key = OprfKey(random_scalar(draw))
    shares = shamir.split(key, 2, 3, draw)
    answers = {index: ours.multiply_generator(shares[index - 1]).encoding for index in chosen}
    assert combined(answers).encode() == ours.multiply_generator(key).encoding
