"""Look at a relay, several times in its life, and sum up what was found where.

Every look searches for canaries and for **controls** with one and the same
scanner. A control is something the relay may know and must therefore be found;
an empty file, a wrong path or a broken scanner cannot pass for blindness.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from scripts.blindness import process_memory
from scripts.blindness.canaries import Canary
from scripts.blindness.media import Medium, Places
from scripts.blindness.scanner import Findings, Hit, Scanner


@dataclass(frozen=True, slots=True)
class MediumReport:
    """What all looks at one medium gave.

    Attributes:
        searched_bytes: how much was searched, counted again in every look.
        hits: canaries found, which must not be.
        controls: the things that must be found here.
        missing: those of them that no look has found.
    """

    medium: Medium
    searched_bytes: int
    hits: tuple[Hit, ...]
    controls: tuple[Canary, ...]
    missing: tuple[Canary, ...]

    @property
    def is_blind(self) -> bool:
        """Whether no canary is here, and everything that must be here is."""
        return not self.hits and bool(self.controls) and not self.missing


@dataclass(slots=True)
class Examination:
    """Collects the findings of all looks.

    Attributes:
        canaries: what must be found nowhere; may grow between looks.
        controls: what must be found, for each medium that is to be searched.
    """

    places: Places
    canaries: list[Canary] = field(default_factory=list)
    controls: dict[Medium, tuple[Canary, ...]] = field(default_factory=dict)
    needles_count: int = 0
    _findings: dict[Medium, Findings] = field(default_factory=dict)

    def look(self, media: Iterable[Medium], pid: int) -> Mapping[Medium, Findings]:
        """Search ``media`` while the process is stopped, so that all show one moment.

        Blocking; takes a second for 200 MB.

        Args:
            media: where to look.
            pid: the relay's running process.

        Raises:
            MemoryUnreadable: it cannot be stopped, or its memory not be read.
        """
        with process_memory.stopped(pid):
            return self._search(media, pid)

    def look_at_disk(self, media: Iterable[Medium]) -> Mapping[Medium, Findings]:
        """Search ``media`` (not MEMORY) of a relay that does not run."""
        return self._search(media, pid=0)

    def reports(self) -> list[MediumReport]:
        """Sum up, one report for each medium that has controls."""
        return [self._report(medium) for medium in self.controls]

    def _search(self, media: Iterable[Medium], pid: int) -> Mapping[Medium, Findings]:
        wanted = {canary for controls in self.controls.values() for canary in controls}
        scanner = Scanner([*self.canaries, *wanted])
        self.needles_count = len(scanner.needles)
        found = {medium: scanner.search(self.places.stretches(medium, pid)) for medium in media}
        for medium, findings in found.items():
            self._findings[medium] = self._findings.get(medium, Findings()) + findings
        return found

    def _report(self, medium: Medium) -> MediumReport:
        findings = self._findings.get(medium, Findings())
        forbidden, found = set(self.canaries), {hit.canary for hit in findings.hits}
        controls = self.controls[medium]
        return MediumReport(
            medium=medium,
            searched_bytes=findings.searched_bytes,
            hits=tuple(hit for hit in findings.hits if hit.canary in forbidden),
            controls=controls,
            missing=tuple(control for control in controls if control not in found),
        )
