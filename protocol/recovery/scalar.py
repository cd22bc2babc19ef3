"""Scalars: integers modulo the group's order, 32 bytes little-endian.

Secret ones meet only libsodium here, whose scalar arithmetic takes the same time
for all values. Each role that lives longer than one computation is a type.

Spec: docs/recovery.md#group
"""

from typing import Final

from nacl import bindings

from protocol.randomness import RandomBytes
from protocol.secret import Secret

ORDER: Final = 2**252 + 27742317777372353535851937790883648493
SCALAR_BYTES: Final = 32
WIDE_BYTES: Final = 64

_ZERO: Final = bytes(SCALAR_BYTES)


class Scalar(Secret):
    """An integer below the group's order."""

    __slots__ = ()

    def __init__(self, value: bytes) -> None:
        """Wrap 32 bytes.

        Raises:
            ValueError: another size, or not below the order. The message does not show it.
        """
        super().__init__(value)
        if bindings.crypto_core_ed25519_scalar_reduce(self._value + _ZERO) != self._value:
            raise ValueError(f"{type(self).__name__} is not below the order of the group")


class NonzeroScalar(Scalar):
    """A scalar that has an inverse."""

    __slots__ = ()

    def __init__(self, value: bytes) -> None:
        """Wrap 32 bytes, as :class:`Scalar`; zero is refused too."""
        super().__init__(value)
        if self._value == _ZERO:
            raise ValueError(f"{type(self).__name__} must not be zero")


class OprfKey(NonzeroScalar):
    """The whole key of the OPRF: exists during set-up, then only in shares."""

    __slots__ = ()


class KeyShare(NonzeroScalar):
    """One vault's share of the OPRF key."""

    __slots__ = ()


class Blind(NonzeroScalar):
    """Hides what a client asks; drawn for one recovery and used in it alone."""

    __slots__ = ()


def random_scalar(random_bytes: RandomBytes) -> bytes:
    """Draw 32 bytes of a scalar, evenly, from 64 random bytes."""
    return reduce_wide(random_bytes(WIDE_BYTES))


def reduce_wide(wide: bytes) -> bytes:
    """Give 64 bytes, little-endian, modulo the order."""
    return bindings.crypto_core_ed25519_scalar_reduce(wide)


def scalar_of(value: int) -> Scalar:
    """Give a public integer as a scalar."""
    return Scalar((value % ORDER).to_bytes(SCALAR_BYTES, "little"))


def add(a: Scalar, b: Scalar) -> Scalar:
    """Give a + b."""
    return Scalar(bindings.crypto_core_ed25519_scalar_add(a.expose(), b.expose()))


def subtract(a: Scalar, b: Scalar) -> Scalar:
    """Give a - b."""
    return Scalar(bindings.crypto_core_ed25519_scalar_sub(a.expose(), b.expose()))


def multiply(a: Scalar, b: Scalar) -> Scalar:
    """Give a * b."""
    return Scalar(bindings.crypto_core_ed25519_scalar_mul(a.expose(), b.expose()))


def invert(a: NonzeroScalar) -> Scalar:
    """Give 1 / a."""
    return Scalar(bindings.crypto_core_ed25519_scalar_invert(a.expose()))
