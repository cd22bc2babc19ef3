"""Shamir's sharing of the OPRF key, and its use without ever putting it together.

The key is a polynomial's value at 0, vault i holds the value at i. Since evaluation
is linear, t answers give the whole key's answer by interpolation *in the exponent*.
The public shares are commitments: each vault's proof is against its own, so an
answer made with anything else names its vault.

Spec: docs/recovery.md#shares
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce

from protocol.randomness import RandomBytes
from protocol.recovery import group, scalar
from protocol.recovery.group import Element
from protocol.recovery.scalar import (
    ORDER,
    KeyShare,
    OprfKey,
    Scalar,
    random_scalar,
    scalar_of,
)


def split(
    key: OprfKey, threshold: int, count: int, random_bytes: RandomBytes
) -> tuple[KeyShare, ...]:
    """Cut ``key`` into ``count`` shares, any ``threshold`` of which are worth the whole.

    Returns:
        The shares of vaults 1 to ``count``, in order.
    """
    rest = (Scalar(random_scalar(random_bytes)) for _ in range(threshold - 1))
    coefficients = (key, *rest)
    return tuple(_value_at(coefficients, index) for index in range(1, count + 1))


def public_shares(shares: Iterable[KeyShare]) -> tuple[Element, ...]:
    """Give what each share makes of the generator."""
    return tuple(map(group.multiply_generator, shares))


def combine(values: Mapping[int, Element], at: int = 0) -> Element:
    """Interpolate in the exponent.

    Args:
        values: by vault index; as many as the threshold, all verified.
        at: where; 0 gives the whole key's value.
    """
    weighted = (
        group.multiply(coefficient(index, [*values], at), element)
        for index, element in values.items()
    )
    return reduce(group.add, weighted)


def are_consistent(publics: Sequence[Element], threshold: int) -> bool:
    """Tell whether public shares 1 to n lie on one polynomial of ``threshold`` coefficients."""
    first = dict(enumerate(publics[:threshold], 1))
    return all(
        combine(first, at) == public for at, public in enumerate(publics[threshold:], threshold + 1)
    )


def coefficient(index: int, indexes: Sequence[int], at: int = 0) -> Scalar:
    """Give Lagrange's coefficient of ``index`` among ``indexes``, for the value ``at``. Public."""
    others = [other for other in indexes if other != index]
    above = reduce(lambda product, other: product * (at - other), others, 1)
    below = reduce(lambda product, other: product * (index - other), others, 1)
    return scalar_of(above * pow(below, -1, ORDER))


def _value_at(coefficients: Sequence[Scalar], index: int) -> KeyShare:
    """Give the polynomial's value, by Horner's rule."""
    at = scalar_of(index)
    value = reduce(
        lambda sum_, next_: scalar.add(scalar.multiply(sum_, at), next_), reversed(coefficients)
    )
    return KeyShare(value.expose())
