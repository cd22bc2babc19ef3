"""Labelled signatures: for one purpose, over all fields, by one key."""

import pytest

from protocol.errors import BadSignature
from protocol.labels import Label
from protocol.signing import SigningKey, public_key_of, sign, verify

KEY = SigningKey(bytes(range(32)))
PUBLIC = public_key_of(KEY)
SIGNATURE = sign(KEY, Label.LOGIN, b"one", b"two")


def test_a_signature_verifies() -> None:
    assert len(SIGNATURE) == 64
    verify(PUBLIC, SIGNATURE, Label.LOGIN, b"one", b"two")


def test_signatures_are_deterministic() -> None:
    assert sign(KEY, Label.LOGIN, b"one", b"two") == SIGNATURE


@pytest.mark.parametrize(
    ("label", "fields"),
    [
        (Label.REGISTER, (b"one", b"two")),
        (Label.LOGIN, (b"two", b"one")),
        (Label.LOGIN, (b"onetwo",)),
        (Label.LOGIN, (b"one", b"two", b"")),
        (Label.LOGIN, ()),
    ],
)
def test_it_verifies_for_nothing_else(label: Label, fields: tuple[bytes, ...]) -> None:
    with pytest.raises(BadSignature):
        verify(PUBLIC, SIGNATURE, label, *fields)


def test_another_key_or_another_signature_is_refused() -> None:
    other = public_key_of(SigningKey(bytes(32)))
    for key, signature in (
        (other, SIGNATURE),
        (PUBLIC, bytes(64)),
        (PUBLIC, SIGNATURE[:-1]),
        (PUBLIC, SIGNATURE + b"\0"),
        (PUBLIC[:-1], SIGNATURE),
        (b"", b""),
        (bytes(32), SIGNATURE),
    ):
        with pytest.raises(BadSignature, match="signature of the login"):
            verify(key, signature, Label.LOGIN, b"one", b"two")


def test_every_flipped_bit_is_refused() -> None:
    for position in range(512):
        forged = bytearray(SIGNATURE)
        forged[position // 8] ^= 1 << position % 8
        with pytest.raises(BadSignature):
            verify(PUBLIC, bytes(forged), Label.LOGIN, b"one", b"two")


def test_a_key_of_low_order_signs_nothing() -> None:
    """With such a key a signature of zeros would fit any message, were it not refused."""
    for key in (bytes(32), b"\x01" + bytes(31)):
        for signature in (bytes(64), b"\x01" + bytes(63)):
            with pytest.raises(BadSignature):
                verify(key, signature, Label.LOGIN, b"anything")
