"""ristretto255: the vectors of RFC 9496, and the laws of a group."""

import random

import pytest

from protocol.recovery import group, ristretto
from protocol.recovery.errors import BadElement
from protocol.recovery.field import (
    D_MINUS_ONE_SQ,
    INVSQRT_A_MINUS_D,
    ONE_MINUS_D_SQ,
    SQRT_AD_MINUS_ONE,
    SQRT_M1,
    D,
    P,
)
from protocol.recovery.group import GENERATOR, IDENTITY, Element
from protocol.recovery.scalar import ORDER, Scalar, scalar_of
from tests.protocol.recovery.published import ristretto_vectors


def test_the_constants_are_what_their_names_say() -> None:
    assert (D * 121666 + 121665) % P == 0
    assert SQRT_M1**2 % P == P - 1
    assert SQRT_AD_MINUS_ONE**2 % P == (-D - 1) % P
    assert INVSQRT_A_MINUS_D**2 * (-1 - D) % P == 1
    assert (1 - D**2) % P == ONE_MINUS_D_SQ
    assert (D - 1) ** 2 % P == D_MINUS_ONE_SQ


def test_bad_encodings_are_refused() -> None:
    for each in ristretto_vectors("bad_encodings", 30):
        with pytest.raises(BadElement):
            ristretto.decode_untrusted(bytes.fromhex(each))


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_other_sizes_are_refused(size: int) -> None:
    with pytest.raises(BadElement):
        ristretto.decode_untrusted(GENERATOR.encoding.ljust(size, b"\0")[:size])


def test_multiples_of_the_generator() -> None:
    total = IDENTITY
    for index, each in enumerate(ristretto_vectors("multiples_of_generator_0_to_15", 16)):
        encoding = bytes.fromhex(each)
        assert group.multiply_generator(scalar_of(index)).encoding == encoding
        assert group.multiply(scalar_of(index), GENERATOR).encoding == encoding
        assert ristretto.encode(ristretto.decode_untrusted(encoding)) == encoding
        assert total.encoding == encoding
        total = group.add(total, GENERATOR)


def test_the_identity_is_an_encoding_but_nothing_to_evaluate() -> None:
    assert ristretto.decode_untrusted(bytes(32)) == IDENTITY.point
    with pytest.raises(BadElement):
        Element.decode_untrusted(bytes(32))


def test_hash_to_group() -> None:
    for each in ristretto_vectors("from_uniform_64", 7):
        element = group.from_uniform(bytes.fromhex(each["uniform"]))
        assert element.encoding.hex() == each["point"]
        assert Element.decode_untrusted(element.encoding) == element


@pytest.mark.parametrize("size", [0, 32, 63, 65])
def test_nothing_is_mapped_from_another_size(size: int) -> None:
    with pytest.raises(ValueError, match="64 bytes"):
        group.from_uniform(bytes(size))


def test_the_laws_of_a_group(rng: random.Random) -> None:
    for _ in range(5):
        a, b = rng.randrange(1, ORDER), rng.randrange(1, ORDER)
        element = group.from_uniform(rng.randbytes(64))
        both = group.add(
            group.multiply(scalar_of(a), element), group.multiply(scalar_of(b), element)
        )
        assert both == group.multiply(scalar_of(a + b), element)
        twice = group.multiply(scalar_of(a), group.multiply(scalar_of(b), element))
        assert twice == group.multiply(scalar_of(a * b), element)
        assert Element.decode_untrusted(twice.encoding) == twice


def test_zero_and_the_identity_give_the_identity() -> None:
    zero, one = scalar_of(0), scalar_of(1)
    assert group.multiply(zero, GENERATOR) == group.multiply_generator(zero) == IDENTITY
    assert group.multiply(one, IDENTITY) == IDENTITY
    assert group.add(GENERATOR, group.multiply(scalar_of(-1), GENERATOR)) == IDENTITY
    assert IDENTITY.encoding == bytes(32)


@pytest.mark.parametrize("value", [ORDER, ORDER + 1, 2**255 - 1, 2**256 - 1])
def test_a_scalar_has_one_encoding(value: int) -> None:
    with pytest.raises(ValueError, match="not below the order"):
        Scalar(value.to_bytes(32, "little"))
