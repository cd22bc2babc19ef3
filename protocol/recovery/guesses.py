"""How many guesses a limit really allows: more than the number each vault counts to.

Each guess needs t answers, and n vaults count to g each, so an outsider who spreads
them has floor(n*g/t). Whoever runs c of the vaults needs the others for t - c answers
only: floor((n-c)*g/(t-c)). Both numbers are shown to the user.

Spec: docs/recovery.md#guesses
"""

from collections.abc import Collection

from protocol.limits import MAX_TOTAL_GUESSES


def total_guesses(count: int, threshold: int, limit: int, cheating: int = 0) -> int:
    """Give the guesses of somebody who runs ``cheating`` of ``count`` vaults.

    Args:
        cheating: fewer than ``threshold``; with more, nothing is counted any more.
        limit: what each vault counts to.
    """
    return (count - cheating) * limit // (threshold - cheating)


def worst_total(count: int, threshold: int, limit: int) -> int:
    """Give the guesses of whoever runs all but one of the vaults that are needed."""
    return total_guesses(count, threshold, limit, threshold - 1)


def largest_limit(count: int, threshold: int) -> int:
    """Give the limit to register: the most that keeps the worst total at 10 or below."""
    return MAX_TOTAL_GUESSES // (count - threshold + 1)


def is_honest(count: int, threshold: int, limit: int) -> bool:
    """Tell whether n, t and g are possible, and their worst total no more than was promised."""
    possible = 1 <= threshold <= count and limit >= 1
    return possible and worst_total(count, threshold, limit) <= MAX_TOTAL_GUESSES


def tries_left(left: Collection[int], threshold: int) -> int:
    """Give how many more guesses can be made with what each vault has left.

    Each takes one from ``threshold`` different vaults, so a vault is of use once per guess.
    """
    possible = range(sum(left) // threshold, 0, -1)
    enough = (
        tries for tries in possible if sum(min(each, tries) for each in left) >= threshold * tries
    )
    return next(enough, 0)
