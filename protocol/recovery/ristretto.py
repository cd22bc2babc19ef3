"""ristretto255's encodings: between 32 bytes and a point of the curve, compressed.

ristretto255 is a group of prime order made of edwards25519, whose points come
eight to each element that matters. The encoding here picks one of them; a decoder
takes no other. Points leave and enter in the 32-byte form of RFC 8032, which is
what libsodium calculates with.

Not constant-time, see :mod:`protocol.recovery.field`.

Spec: docs/recovery.md#group, RFC 9496, section 4.3
"""

from typing import Final

from protocol.recovery.errors import BadElement
from protocol.recovery.field import (
    D_MINUS_ONE_SQ,
    INVSQRT_A_MINUS_D,
    ONE_MINUS_D_SQ,
    SQRT_AD_MINUS_ONE,
    SQRT_M1,
    D,
    P,
    absolute,
    is_negative,
    sqrt_ratio,
)

ELEMENT_BYTES: Final = 32

_SIGN_BIT: Final = 1 << 255


def decode_untrusted(encoding: bytes) -> bytes:
    """Give a compressed point of the element that ``encoding`` names.

    Raises:
        BadElement: not 32 bytes, not below p, negative, or no point of the group.
    Cost: one square root, about 0.1 ms.
    """
    s = int.from_bytes(encoding, "little")
    if len(encoding) != ELEMENT_BYTES or s >= P or is_negative(s):
        raise BadElement
    u1, u2 = 1 - s * s, 1 + s * s
    v = (-D * u1 * u1 - u2 * u2) % P
    was_square, inverse = sqrt_ratio(1, v * u2 * u2 % P)
    x = absolute(2 * s * inverse * u2)
    y = u1 * inverse * inverse * u2 * v % P
    if not was_square or is_negative(x * y) or y == 0:
        raise BadElement
    return _compress(x, y)


def encode(point: bytes) -> bytes:
    """Give the one encoding of the element of a compressed ``point``.

    Args:
        point: 32 bytes as libsodium gave them.
    Cost: two square roots, about 0.2 ms.
    """
    x, y = _decompress(point)
    u1, u2 = (1 + y) * (1 - y) % P, x * y % P
    _, inverse = sqrt_ratio(1, u1 * u2 * u2 % P)
    den1, den2 = inverse * u1 % P, inverse * u2 % P
    z_inverse = den1 * den2 * u2 % P
    if is_negative(u2 * z_inverse):
        x, y, den2 = y * SQRT_M1 % P, x * SQRT_M1 % P, den1 * INVSQRT_A_MINUS_D % P
    if is_negative(x * z_inverse):
        y = -y
    return absolute(den2 * (1 - y)).to_bytes(ELEMENT_BYTES, "little")


def map_to_point(uniform: bytes) -> bytes:
    """Give the compressed point that 32 uniform bytes are mapped to (MAP of RFC 9496).

    Half of a hash into the group: two such points added cover it evenly.
    """
    t = int.from_bytes(uniform, "little") % _SIGN_BIT % P
    r = SQRT_M1 * t * t % P
    u = (r + 1) * ONE_MINUS_D_SQ % P
    v = (-1 - r * D) * (r + D) % P
    was_square, s = sqrt_ratio(u, v)
    if not was_square:
        s = -absolute(s * t)
    c = -1 if was_square else r
    n = c * (r - 1) * D_MINUS_ONE_SQ - v
    w0, w1, w2, w3 = 2 * s * v, n * SQRT_AD_MINUS_ONE, 1 - s * s, 1 + s * s
    both = pow(w1 * w3, -1, P)
    return _compress(w0 * w3 * both % P, w2 * w1 * both % P)


def _compress(x: int, y: int) -> bytes:
    return (y % P | (_SIGN_BIT if is_negative(x) else 0)).to_bytes(ELEMENT_BYTES, "little")


def _decompress(point: bytes) -> tuple[int, int]:
    """Give the coordinates of a point that is known to be one."""
    packed = int.from_bytes(point, "little")
    y = packed % _SIGN_BIT
    _, x = sqrt_ratio((y * y - 1) % P, (D * y * y + 1) % P)
    return (-x % P if packed >= _SIGN_BIT else x), y
