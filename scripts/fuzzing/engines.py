"""What makes the inputs: atheris, which sees what code they reach, or hypothesis where it is not.

Each engine is a module that runs as a process of its own, because libFuzzer
(inside atheris) ends its process when its time is over.
"""

import platform
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final


@dataclass(frozen=True, slots=True)
class Engine:
    """A way to make inputs.

    Attributes:
        module: to run; takes target, seconds, seed and where to write a find.
        remark: what a person should know about it; mostly nothing.
    """

    module: str
    remark: str = ""


GUIDED: Final = Engine("scripts.fuzzing.guided")


def best_engine() -> Engine:
    """Give atheris if this Python has it."""
    return GUIDED if find_spec("atheris") else unguided(platform.machine())


def unguided(machine: str) -> Engine:
    """Give the engine for a Python without atheris, and say why and what to do."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return Engine(
        "scripts.fuzzing.unguided",
        f"atheris is not installed: there is none for Python {version} on {sys.platform}, {machine}"
        " (it exists for 3.11 to 3.13 on Linux, x86_64).\n"
        "The same targets run with hypothesis, which does not see what code an input reaches.\n"
        "To be guided, name another Python: PYTHON=/path/to/python3.13 scripts/fuzz",
    )
