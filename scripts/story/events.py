"""What the story tells, as values: how it looks is the business of the tellers."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from scripts.blindness.examination import Look
from scripts.story.relay_view import Sighting
from scripts.story.script import Side
from scripts.story.verdict import Verdict


class Manner(StrEnum):
    """What a person does in a cell; the value is its verb."""

    SAYS = "says"
    READS = "reads"
    DOES = "does"
    HEEDS = "is warned"


@dataclass(frozen=True, slots=True)
class Cell:
    """What one person says, reads or does."""

    manner: Manner
    text: str


@dataclass(frozen=True, slots=True)
class RelayCell:
    """What the relay sees, what happens to it, and what its operator reads after all."""

    sightings: tuple[Sighting, ...] = ()
    note: str = ""
    loss: str = ""


@dataclass(frozen=True, slots=True)
class Opening:
    """The curtain rises."""

    words: str


@dataclass(frozen=True, slots=True)
class Act:
    """A new act begins, in three columns or without."""

    number: int
    title: str
    plain_words: str
    has_columns: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """What happens at one time in the three columns."""

    alice: tuple[Cell, ...] = ()
    relay: RelayCell = RelayCell()
    bob: tuple[Cell, ...] = ()

    @classmethod
    def of(cls, cells: Mapping[Side, tuple[Cell, ...]], relay: RelayCell) -> "Row":
        """Put each side's cells into its column."""
        return cls(cells.get(Side.ALICE, ()), relay, cells.get(Side.BOB, ()))


@dataclass(frozen=True, slots=True)
class Looked:
    """The relay was searched in the middle of the story."""

    look: Look


@dataclass(frozen=True, slots=True)
class Judged:
    """The end: the verdict."""

    verdict: Verdict


Event = Opening | Act | Row | Looked | Judged


class Teller(Protocol):
    """Tells the story to somebody."""

    def tell(self, event: Event) -> None:
        """Show what happened."""
