"""Integers modulo p = 2^255 - 19: the field under the curve.

Python's integers are not constant-time. What passes through here is public
(encodings that travel, proofs), or on the user's own machine only: the
password's hash on its way into the group, and the unblinded result.

Spec: RFC 9496, sections 4.1 and 4.2
"""

from typing import Final

P: Final = 2**255 - 19

D: Final = 37095705934669439343138083508754565189542113879843219016388785533085940283555
SQRT_M1: Final = 19681161376707505956807079304988542015446066515923890162744021073123829784752
SQRT_AD_MINUS_ONE: Final = (
    25063068953384623474111414158702152701244531502492656460079210482610430750235
)
INVSQRT_A_MINUS_D: Final = (
    54469307008909316920995813868745141605393597292927456921205312896311721017578
)
ONE_MINUS_D_SQ: Final = 1159843021668779879193775521855586647937357759715417654439879720876111806838
D_MINUS_ONE_SQ: Final = (
    40440834346308536858101042469323190826248399146238708352240133220865137265952
)

_ROOT_EXPONENT: Final = (P - 5) // 8


def is_negative(value: int) -> bool:
    """Tell whether ``value``, reduced, counts as negative: it is odd."""
    return value % P % 2 == 1


def absolute(value: int) -> int:
    """Give ``value`` or its negation, whichever is not negative."""
    return -value % P if is_negative(value) else value % P


def sqrt_ratio(u: int, v: int) -> tuple[bool, int]:
    """Give the non-negative square root of u/v, or of i*u/v where u/v has none.

    Returns:
        Whether u/v is a square, and the root; (False, 0) for v = 0, u not 0.
    Cost: one exponentiation, 60 us or more.
    """
    root = u * v**3 * pow(u * v**7, _ROOT_EXPONENT, P) % P
    check = v * root * root % P
    if check in (-u % P, -u * SQRT_M1 % P):
        root = root * SQRT_M1 % P
    return check in (u % P, -u % P), absolute(root)
