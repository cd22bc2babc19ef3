"""Secret: sizes, equality, immutability (that it never prints is P8's test)."""

from typing import cast

import pytest

from protocol.secret import Secret


class OneRole(Secret):
    __slots__ = ()


class OtherRole(Secret):
    __slots__ = ()


class AnySize(Secret):
    __slots__ = ()
    SIZE = None


def test_the_door_gives_the_bytes() -> None:
    assert OneRole(b"k" * 32).expose() == b"k" * 32
    assert AnySize(b"").expose() == b""


def test_a_secret_keeps_a_copy() -> None:
    source = bytearray(b"k" * 32)
    secret = OneRole(cast(bytes, source))
    source[0] = 0
    assert secret.expose() == b"k" * 32


@pytest.mark.parametrize("size", [0, 31, 33])
def test_another_size_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match=f"OneRole takes 32 bytes, not {size}"):
        OneRole(bytes(size))


def test_equality_is_of_role_and_bytes() -> None:
    assert OneRole(b"k" * 32) == OneRole(b"k" * 32)
    assert OneRole(b"k" * 32) != OneRole(b"l" * 32)
    assert OneRole(b"k" * 32) != OtherRole(b"k" * 32)
    assert OneRole(b"k" * 32) != b"k" * 32


def test_a_secret_does_not_change() -> None:
    secret = OneRole(b"k" * 32)
    with pytest.raises(AttributeError):
        secret._value = b"l" * 32
    with pytest.raises(AttributeError):
        secret.other = 1
    assert secret.expose() == b"k" * 32
