"""What the figures were measured on."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_CPU_INFO: Final = Path("/proc/cpuinfo")


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine of a run."""

    processor: str
    cores_count: int
    system: str
    python: str

    def __str__(self) -> str:
        return f"{self.cores_count} x {self.processor}, {self.system}, {self.python}"


def this_machine() -> Machine:
    """Describe the machine this runs on."""
    return Machine(
        processor=_processor(),
        cores_count=os.cpu_count() or 1,
        system=f"{platform.system()} {platform.machine()}",
        python=f"{platform.python_implementation()} {platform.python_version()}",
    )


def _processor() -> str:
    """Give the processor's own name where the system tells it."""
    try:
        lines = _CPU_INFO.read_text(errors="replace").splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
