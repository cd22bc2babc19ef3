"""Running one target in one engine, as a process, and reading how it went."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from scripts.fuzzing.engines import Engine
from tests.fuzzing.targets import TARGETS

_DONE: Final = re.compile(r"^Done (\d+) runs", re.MULTILINE)
_REPORT_LINES: Final = 40


@dataclass(frozen=True, slots=True)
class Job:
    """What to run: a target, for so long, with this seed; ``finds`` is a folder."""

    target: str
    seconds: int
    seed: int
    finds: Path


@dataclass(frozen=True, slots=True)
class Held:
    """Nothing broke in so many inputs."""

    inputs: int


@dataclass(frozen=True, slots=True)
class Found:
    """An input broke something; it is kept in ``path`` (if the engine itself did not fail)."""

    path: Path
    report: str


def run(engine: Engine, job: Job) -> Held | Found:
    """Run one job to its end.

    All that it leaves on the disk is in a folder that is deleted then: an engine
    may end its process without cleaning up.
    """
    job.finds.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as scratch:
        find = Path(scratch) / "find"
        command = [sys.executable, "-m", engine.module, job.target]
        command += [str(job.seconds), str(job.seed), str(find)]
        done = subprocess.run(
            command,
            env=os.environ | {"TMPDIR": scratch},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        counted = _DONE.search(done.stdout)
        if done.returncode == 0 and counted:
            return Held(int(counted[1]))
        return Found(_keep(find, job), _last_lines(done.stdout))


def replay(target: str, data: bytes) -> None:
    """Feed one input; what breaks raises."""
    with TARGETS[target].opened() as feed:
        feed.take(data)


def _keep(find: Path, job: Job) -> Path:
    data = find.read_bytes() if find.exists() else b""
    kept = job.finds / f"{job.target}-{os.urandom(4).hex()}.bin"
    kept.write_bytes(data)
    return kept


def _last_lines(output: str) -> str:
    return "\n".join(output.splitlines()[-_REPORT_LINES:])
