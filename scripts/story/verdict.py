"""The verdict: everything that has to hold, and whether it does."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from scripts.blindness.examination import MediumReport
from scripts.blindness.media import Medium
from scripts.blindness.plants import Plant
from scripts.blindness.scanner import Hit
from scripts.story.script import Side


@dataclass(frozen=True, slots=True)
class Reading:
    """What one side should have been shown, what it was shown, and what it kept, in order."""

    reader: Side
    expected: tuple[str, ...]
    shown: tuple[str, ...]
    kept: tuple[str, ...]

    @property
    def is_exact(self) -> bool:
        """Whether each message was shown and kept once, in order, and nothing else."""
        return self.expected == self.shown == self.kept


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the story ended.

    Attributes:
        reports: one for each medium that was searched.
        not_searched: media that this system does not let one search, with the reason.
        canaries_count: texts, words and keys that were searched for.
        needles_count: their patterns in all forms, controls included.
        readings: what each side read.
        planted: what was planted on purpose, and where.
        lost: how many texts of each side the relay's operator read under a swapped key.
    """

    reports: tuple[MediumReport, ...]
    not_searched: tuple[tuple[Medium, str], ...]
    canaries_count: int
    needles_count: int
    readings: tuple[Reading, ...]
    planted: tuple[Plant, ...] = ()
    lost: Mapping[Side, int] = field(default_factory=dict)

    @property
    def hits(self) -> tuple[Hit, ...]:
        """All places where a canary was found."""
        return tuple(hit for report in self.reports for hit in report.hits)

    @property
    def found_count(self) -> int:
        """How many different canaries that are."""
        return len({hit.canary for hit in self.hits})

    @property
    def searched_bytes(self) -> int:
        """How much was searched in all."""
        return sum(report.searched_bytes for report in self.reports)

    @property
    def controls_count(self) -> int:
        """How many things had to be found."""
        return sum(len(report.controls) for report in self.reports)

    @property
    def missing_count(self) -> int:
        """How many of them were not."""
        return sum(len(report.missing) for report in self.reports)

    def was_found(self, plant: Plant) -> bool:
        """Tell whether the scanner found what was planted, where it was planted."""
        (report,) = [report for report in self.reports if report.medium is plant.medium]
        return any(hit.canary == plant.canary for hit in report.hits)

    @property
    def all_plants_were_found(self) -> bool:
        """Whether there are plants, and each was found."""
        return bool(self.planted) and all(map(self.was_found, self.planted))

    @property
    def holds(self) -> bool:
        """Whether the relay is blind, the search was sound, and every message arrived."""
        everywhere_blind = bool(self.reports) and all(report.is_blind for report in self.reports)
        return everywhere_blind and all(reading.is_exact for reading in self.readings)
