"""Key pairs, agreement, and what of a peer's key is refused."""

import pytest

from protocol.e2ee.curve import (
    CurvePrivateKey,
    curve_public_of,
    dh,
    identity_to_curve_private,
    identity_to_curve_public,
    make_curve_pair,
)
from protocol.e2ee.identity import IdentityKeyPair
from protocol.errors import BadPublicKey
from tests.support.randomness import SeededBytes

LOW_ORDER = [
    bytes(32),
    (1).to_bytes(32, "little"),
    (2**255 - 20).to_bytes(32, "little"),
    (2**255 - 19).to_bytes(32, "little"),
    (2**255 - 18).to_bytes(32, "little"),
    bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
]


def test_two_pairs_agree() -> None:
    random_bytes = SeededBytes("agree")
    one, other = make_curve_pair(random_bytes), make_curve_pair(random_bytes)
    assert one.public != other.public
    assert dh(one.private, other.public) == dh(other.private, one.public)


@pytest.mark.parametrize("public", LOW_ORDER, ids=lambda key: key.hex()[:8])
def test_points_of_low_order_are_refused(public: bytes) -> None:
    with pytest.raises(BadPublicKey):
        dh(CurvePrivateKey(bytes(range(32))), public)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_keys_of_another_size_are_refused(size: int) -> None:
    with pytest.raises(BadPublicKey):
        dh(CurvePrivateKey(bytes(range(32))), b"\x09" * size)
    with pytest.raises(BadPublicKey):
        identity_to_curve_public(b"\x09" * size)


def test_an_identity_has_one_curve_form_on_both_sides() -> None:
    identity = IdentityKeyPair.generate(SeededBytes("identity"))
    private = identity_to_curve_private(identity.private)
    assert curve_public_of(private) == identity_to_curve_public(identity.public)


@pytest.mark.parametrize("identity", [bytes(32), b"\x01" + bytes(31), b"\xff" * 32])
def test_identities_off_the_group_are_refused(identity: bytes) -> None:
    with pytest.raises(BadPublicKey):
        identity_to_curve_public(identity)


def test_an_identity_comes_back_from_its_seed() -> None:
    identity = IdentityKeyPair.generate(SeededBytes("identity"))
    again = IdentityKeyPair.from_seed(identity.private.expose())
    assert again == identity
    assert again.curve_private() == identity.curve_private()
