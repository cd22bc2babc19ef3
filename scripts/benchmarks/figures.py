"""What is measured, and by whom."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Workload = Callable[[int], None]
"""Does the measured thing so many times."""


class PeerMissing(Exception):
    """A library to compare with is not installed."""


@dataclass(frozen=True, slots=True)
class Contender:
    """One of those who do the same work.

    Attributes:
        name: a distribution's name, or what is ours.
        prepare: makes everything that is not to be measured, and gives the rest;
            raises PeerMissing if the library is not installed.
    """

    name: str
    prepare: Callable[[], Workload]


@dataclass(frozen=True, slots=True)
class Figure:
    """What one contender came to; or why there is no figure.

    Attributes:
        name: the contender's.
        version: of its distribution.
        rounds_us: microseconds for one operation in each round; empty if missing.
        missing: how to get the contender, if it is not installed.
    """

    name: str
    version: str
    rounds_us: tuple[float, ...] = ()
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table before it is measured.

    Attributes:
        name: what one selects it by.
        what: the work, for people.
        ours: our own code.
        theirs: others that do comparable work.
        remark: how the comparison is not quite fair, or empty.
    """

    name: str
    what: str
    ours: Contender
    theirs: tuple[Contender, ...]
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """A row with its figures; the first is ours."""

    row: Row
    figures: tuple[Figure, ...]


@contextlib.contextmanager
def peer_import() -> Iterator[None]:
    """Import a peer's library, or what imports it, inside.

    Raises:
        PeerMissing: it is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise PeerMissing from error
