"""Look at a relay, several times in its life, and sum up what was found where.

Every look searches for canaries and for **controls** with one and the same
scanner. A control is something the relay may know and must therefore be found in
that very look; an empty file, a wrong path or a broken scanner cannot pass for
blindness.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from scripts.blindness import process_memory
from scripts.blindness.canaries import Canary
from scripts.blindness.media import Medium, Places
from scripts.blindness.scanner import Findings, Hit, Scanner

Controls = Mapping[Medium, tuple[Canary, ...]]
"""Where to look, and what has to be found there."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look at some media.

    Attributes:
        when: the moment, for people.
        forbidden: the canaries that were searched for.
        controls: what had to be found.
        findings: what was found.
    """

    when: str
    forbidden: frozenset[Canary]
    controls: Controls
    findings: Mapping[Medium, Findings]

    def hits(self, medium: Medium) -> tuple[Hit, ...]:
        """Give the canaries found in ``medium``."""
        return tuple(hit for hit in self.findings[medium].hits if hit.canary in self.forbidden)

    def missing(self, medium: Medium) -> tuple[Canary, ...]:
        """Give the controls not found in ``medium``."""
        found = {hit.canary for hit in self.findings[medium].hits}
        return tuple(control for control in self.controls[medium] if control not in found)

    @property
    def found_count(self) -> int:
        """How many different canaries were found, in whatever medium and form."""
        return len({hit.canary for medium in self.findings for hit in self.hits(medium)})


@dataclass(frozen=True, slots=True)
class MediumReport:
    """What all looks at one medium gave.

    Attributes:
        searched_bytes: how much was searched, counted again in every look.
        hits: canaries found, which must not be.
        controls: labels of the things that had to be found here.
        missing: those that a look has not found, and which look.
    """

    medium: Medium
    searched_bytes: int
    hits: tuple[Hit, ...]
    controls: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def found_count(self) -> int:
        """How many different canaries that are."""
        return len({hit.canary for hit in self.hits})

    @property
    def is_blind(self) -> bool:
        """Whether no canary is here, and everything that must be here is."""
        return not self.hits and bool(self.controls) and not self.missing


@dataclass(slots=True)
class Examination:
    """Looks at one relay.

    Attributes:
        places: where it keeps what it has.
        canaries: what must be found nowhere; may grow between looks.
        looks: all looks so far.
    """

    places: Places
    canaries: list[Canary]
    looks: list[Look] = field(default_factory=list)
    needles_count: int = 0

    def look(self, when: str, controls: Controls, pid: int | None) -> Look:
        """Search all media in ``controls``. Blocking: a second for 200 MB.

        Args:
            when: the moment, for people.
            controls: where to look, and what has to be found there.
            pid: the relay's process, stopped meanwhile so that all media show one
                moment; None if it does not run (then without MEMORY).

        Raises:
            MemoryUnreadable: it cannot be stopped, or its memory not be read.
        """
        if pid is None:
            return self._search(when, controls, pid=0)
        with process_memory.stopped(pid):
            return self._search(when, controls, pid)

    def report(self, medium: Medium) -> MediumReport:
        """Sum up all looks at ``medium``."""
        looks = [look for look in self.looks if medium in look.findings]
        labels = (control.label for look in looks for control in look.controls[medium])
        missing = (f"{each.label} ({look.when})" for look in looks for each in look.missing(medium))
        return MediumReport(
            medium=medium,
            searched_bytes=sum(look.findings[medium].searched_bytes for look in looks),
            hits=tuple(hit for look in looks for hit in look.hits(medium)),
            controls=tuple(dict.fromkeys(labels)),
            missing=tuple(missing),
        )

    def _search(self, when: str, controls: Controls, pid: int) -> Look:
        wanted = (control for each in controls.values() for control in each)
        scanner = Scanner([*self.canaries, *wanted])
        self.needles_count = len(scanner.needles)
        stretches = {medium: self.places.stretches(medium, pid) for medium in controls}
        findings = {medium: scanner.search(stretches[medium]) for medium in controls}
        look = Look(when, frozenset(self.canaries), controls, findings)
        self.looks.append(look)
        return look
