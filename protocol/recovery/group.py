"""The group: elements of ristretto255, calculated by libsodium on edwards25519.

Of the eight points that an encoding could stand for, libsodium multiplies only one:
that in the subgroup of prime order. Every :class:`Element` keeps that one, so two
elements are equal when their bytes are. A decoded point is moved there by
4 * (1/4): the doublings drop what is not of that subgroup, the factor undoes them.

Multiplication takes the same time for every scalar and point; encoding does not.

Spec: docs/recovery.md#group
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self

from nacl import bindings

from protocol.recovery import ristretto
from protocol.recovery.errors import BadElement
from protocol.recovery.scalar import ORDER, WIDE_BYTES, Scalar, scalar_of

_QUARTER: Final = scalar_of(pow(4, -1, ORDER))


@dataclass(frozen=True)
class Element:
    """A group element, as the compressed point of the prime-order subgroup (32 bytes)."""

    point: bytes

    @cached_property
    def encoding(self) -> bytes:
        """The 32 bytes that travel and are hashed; worked out once, on demand."""
        return ristretto.encode(self.point)

    @classmethod
    def decode_untrusted(cls, encoding: bytes) -> Self:
        """Read an element that may be evaluated.

        Raises:
            BadElement: no encoding of an element, or that of the identity: its
                multiples tell nothing apart.
        Cost: about 0.3 ms.
        """
        element = cls(_to_prime_order(ristretto.decode_untrusted(encoding)))
        if element == IDENTITY:
            raise BadElement
        # The encoding of an element is unique: no need to work out what was just read.
        vars(element)["encoding"] = encoding
        return element


def from_uniform(uniform: bytes) -> Element:
    """Give the element that 64 uniform bytes are mapped to, evenly and one way.

    Spec: RFC 9496, section 4.3.4
    """
    if len(uniform) != WIDE_BYTES:
        raise ValueError(f"an element is mapped from {WIDE_BYTES} bytes, not {len(uniform)}")
    halves = (ristretto.map_to_point(uniform[:32]), ristretto.map_to_point(uniform[32:]))
    return Element(_to_prime_order(bindings.crypto_core_ed25519_add(*halves)))


def add(a: Element, b: Element) -> Element:
    """Give a + b."""
    return Element(bindings.crypto_core_ed25519_add(a.point, b.point))


def multiply(scalar: Scalar, element: Element) -> Element:
    """Give ``scalar`` times ``element``."""
    return Element(_multiple(scalar, element.point))


def multiply_generator(scalar: Scalar) -> Element:
    """Give ``scalar`` times the generator."""
    try:
        return Element(bindings.crypto_scalarmult_ed25519_base_noclamp(scalar.expose()))
    except RuntimeError:
        return IDENTITY


def _multiple(scalar: Scalar, point: bytes) -> bytes:
    """Multiply a point of the prime-order subgroup.

    libsodium refuses when point or result is the identity, and then only: the
    result is the identity. Its exception, which holds the scalar, ends here.
    """
    try:
        return bindings.crypto_scalarmult_ed25519_noclamp(scalar.expose(), point)
    except RuntimeError:
        return IDENTITY.point


def _to_prime_order(point: bytes) -> bytes:
    doubled = bindings.crypto_core_ed25519_add(point, point)
    return _multiple(_QUARTER, bindings.crypto_core_ed25519_add(doubled, doubled))


IDENTITY: Final = Element(b"\x01" + bytes(31))
GENERATOR: Final = multiply_generator(scalar_of(1))
