"""Make this checkout's ``.venv`` once, keep it in step with the pins, run a script in it.

Runs under whatever Python the machine has, before anything is installed: standard library only.

A ``.venv`` is in one of these states, told apart by two files inside it::

    absent ──► unfinished ──► stamped ──► (pins change, or a level is added) ──► unfinished
                   │ killed                                                       │ killed
                   └──────────────► deleted and made anew ◄───────────────────────┘

The *unfinished* mark is set before the first step and removed after the last, so a build that
was killed anywhere is never taken for a whole one. A ``.venv`` with neither file was made by
hand: it is completed, not replaced.

Levels: ``user`` holds what the programs need; ``dev`` and ``bench`` add the extra of that name,
``fuzz`` adds its own to that of ``dev``, because it runs what the tests are made of.
Levels add up, and every level serves as ``user``.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EXTRAS_OF_LEVEL: dict[str, frozenset[str]] = {
    "user": frozenset(),
    "dev": frozenset({"dev"}),
    "bench": frozenset({"bench"}),
    "fuzz": frozenset({"dev", "fuzz"}),
}


class SetupError(Exception):
    """The environment cannot be made; the message says why and what to do."""


@dataclass(frozen=True)
class Stamp:
    """What a finished environment holds.

    Attributes:
        root: the checkout it was made for; installed scripts carry this path, so a copied or
            moved ``.venv`` has to be made anew.
        inputs: hash of everything that decides which packages are installed.
        extras: the optional dependencies it holds.
    """

    root: str
    inputs: str
    extras: frozenset[str]

    def satisfies(self, wanted: Stamp) -> bool:
        """Tell whether an environment with this stamp serves as ``wanted``."""
        same = (self.root, self.inputs) == (wanted.root, wanted.inputs)
        return same and wanted.extras <= self.extras

    def to_json(self) -> str:
        """Write the stamp as text."""
        return json.dumps(
            {"root": self.root, "inputs": self.inputs, "extras": sorted(self.extras)}, indent=1
        )

    @classmethod
    def from_json(cls, text: str) -> Stamp | None:
        """Read a stamp; None when it is damaged, or of a form this version does not know."""
        try:
            fields = json.loads(text)
            return cls(str(fields["root"]), str(fields["inputs"]), frozenset(fields["extras"]))
        except (ValueError, KeyError, TypeError):
            return None


@dataclass(frozen=True)
class Checkout:
    """The paths of one checkout."""

    root: Path

    @property
    def venv(self) -> Path:
        """The environment's folder."""
        return self.root / ".venv"

    @property
    def discarded(self) -> Path:
        """Where an environment goes to be deleted."""
        return self.root / ".venv.discarded"

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self.venv / "bin" / "python"

    @property
    def constraints(self) -> Path:
        """The pinned versions."""
        return self.root / "constraints.txt"

    @property
    def lock(self) -> Path:
        """The lock file, outside the environment because that may be deleted."""
        return self.root / ".venv.lock"

    @property
    def stamp(self) -> Path:
        """Present when the environment is whole."""
        return self.venv / "glasspost-stamp.json"

    @property
    def unfinished(self) -> Path:
        """Present while the environment is being changed."""
        return self.venv / "glasspost-unfinished"

    def project(self) -> dict[str, Any]:
        """Read ``pyproject.toml``."""
        return tomllib.loads((self.root / "pyproject.toml").read_text(encoding="utf-8"))


def wanted_stamp(checkout: Checkout, extras: frozenset[str]) -> Stamp:
    """Give the stamp of an environment that is in step with the checkout.

    Of ``pyproject.toml`` only the tables that decide about packages count: a changed lint
    rule must not cost a reinstallation.
    """
    project = checkout.project()
    inputs = hashlib.sha256()
    tables = {name: project.get(name) for name in ("build-system", "project")}
    inputs.update(json.dumps(tables, sort_keys=True).encode())
    inputs.update(checkout.constraints.read_bytes())
    return Stamp(str(checkout.root), inputs.hexdigest(), extras)


def present_stamp(checkout: Checkout) -> Stamp | None:
    """Give the stamp of the environment as it is, or None if it is not known to be whole."""
    if checkout.unfinished.exists() or not checkout.python.exists():
        return None
    try:
        return Stamp.from_json(checkout.stamp.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


def must_be_made_anew(checkout: Checkout) -> bool:
    """Tell whether what is there cannot be completed in place."""
    stamp = present_stamp(checkout)
    moved = stamp is not None and stamp.root != str(checkout.root)
    return checkout.unfinished.exists() or not checkout.python.exists() or moved


def ensure(checkout: Checkout, level: str) -> None:
    """Bring ``.venv`` to ``level``; returns at once when it is there already.

    Raises:
        SetupError: it cannot be made.
    """
    wanted = wanted_stamp(checkout, EXTRAS_OF_LEVEL[level])
    if is_ready(checkout, wanted):
        return
    with exclusive(checkout.lock) as lock:
        # Another launcher may have done the work while this one waited.
        if not is_ready(checkout, wanted):
            build(checkout, wanted.extras, lock)


def is_ready(checkout: Checkout, wanted: Stamp) -> bool:
    """Tell whether ``.venv`` is whole and serves as ``wanted``."""
    stamp = present_stamp(checkout)
    return stamp is not None and stamp.satisfies(wanted)


@contextlib.contextmanager
def exclusive(path: Path) -> Iterator[int]:
    """Hold the lock at ``path``; gives its descriptor, for children that must share it."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tell("Waiting for another launcher to set up .venv…")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()


def build(checkout: Checkout, extras: frozenset[str], lock: int) -> None:
    """Make or complete ``.venv`` with ``extras``, keeping those it already has."""
    if must_be_made_anew(checkout):
        require_ensurepip()
        tell("Setting up .venv (once, about a minute)…")
        start_anew(checkout, lock)
    else:
        tell("Bringing .venv up to date…")
        stamp = present_stamp(checkout)
        extras |= stamp.extras if stamp else frozenset()
        checkout.unfinished.touch()
    install(checkout, extras, lock)
    checkout.stamp.write_text(wanted_stamp(checkout, extras).to_json(), encoding="utf-8")
    checkout.unfinished.unlink()


def start_anew(checkout: Checkout, lock: int) -> None:
    """Put an empty environment, marked unfinished, in the place of whatever is there.

    The old one is renamed before it is deleted: half deleted and without its mark, it could
    be taken for one made by hand.
    """
    shutil.rmtree(checkout.discarded, ignore_errors=True)
    with contextlib.suppress(FileNotFoundError):
        checkout.venv.rename(checkout.discarded)
    shutil.rmtree(checkout.discarded, ignore_errors=True)
    checkout.venv.mkdir()
    checkout.unfinished.touch()
    run([sys.executable, "-I", "-m", "venv", str(checkout.venv)], lock)


def install(checkout: Checkout, extras: frozenset[str], lock: int) -> None:
    """Install the pinned pip, then all packages, then the checkout itself as a path entry.

    The build backend is installed beside the packages and used without isolation, because
    an isolated build would fetch versions that no pin reaches.
    """
    # -I keeps the user's PYTHONPATH and site packages out.
    pip = [str(checkout.python), "-I", "-m", "pip", "install", "--disable-pip-version-check"]
    pinned = [*pip, "--constraint", str(checkout.constraints)]
    run([*pinned, "pip"], lock)
    run([*pinned, *requirements(checkout.project(), extras)], lock)
    run([*pip, "--no-deps", "--no-build-isolation", "--editable", str(checkout.root)], lock)


def requirements(project: dict[str, Any], extras: frozenset[str]) -> list[str]:
    """List what the project, its build and its ``extras`` ask for."""
    table = project["project"]
    wanted = [*project["build-system"]["requires"], *table["dependencies"]]
    for extra in sorted(extras):
        wanted += table["optional-dependencies"][extra]
    return wanted


def require_ensurepip() -> None:
    """Refuse a Python without pip's installer, as Debian and Ubuntu ship it.

    Raises:
        SetupError: ensurepip is missing.
    """
    if importlib.util.find_spec("ensurepip") is None:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise SetupError(
            f"Cannot set up .venv: {sys.executable} comes without ensurepip, which installs pip.\n"
            f"Install it (Debian, Ubuntu: apt-get install python{version}-venv),\n"
            "or name another Python: PYTHON=/path/to/python3 before the command."
        )


def run(command: list[str], lock: int) -> None:
    """Run one step in silence; what it prints is shown only if it fails.

    The child holds the lock too: when this process is killed, nobody deletes ``.venv`` under
    a pip that still writes to it.

    Raises:
        SetupError: the step failed.
    """
    # A user-wide "install for the user" setting is an error inside an environment.
    settings = os.environ | {"PIP_USER": "0"}
    step = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=settings,
        pass_fds=[lock],
        check=False,
    )
    if step.returncode:
        raise SetupError(
            f"{step.stdout.rstrip()}\n"
            f"Cannot set up .venv: this step failed ({step.returncode}): {' '.join(command)}\n"
            "Its own words are above. Without a network there is nothing to install from;\n"
            "otherwise mend the cause and run the same command again: it starts over by itself."
        )


def tell(line: str) -> None:
    """Say one line on standard error, so that standard output stays the script's own."""
    print(line, file=sys.stderr, flush=True)


def main(arguments: list[str]) -> None:
    """Bring ``.venv`` to the level, then become the script; the working directory stays."""
    level, name, *rest = arguments
    checkout = Checkout(Path(__file__).resolve().parent.parent)
    try:
        ensure(checkout, level)
    except SetupError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        tell("Interrupted. The next run starts over.")
        sys.exit(130)
    # -P: a folder named `server` or `client` where the user stands must not be imported.
    os.execv(checkout.python, [str(checkout.python), "-P", "-m", f"scripts.{name}", *rest])


if __name__ == "__main__":
    main(sys.argv[1:])
