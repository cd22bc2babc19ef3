"""The steps of ``scripts/check`` and ``scripts/test``: run them all, time them, sum up."""

import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.prefix) / "bin"


@dataclass(frozen=True)
class Step:
    """One command of a check.

    Attributes:
        name: one word for the summary.
        command: program, from the environment's own folder, and arguments.
        live: whether its output is shown while it runs; else only if it fails.
    """

    name: str
    command: tuple[str, ...]
    live: bool = False


@dataclass(frozen=True)
class Outcome:
    """How a step ended."""

    name: str
    passed: bool
    seconds: float

    def __str__(self) -> str:
        """One line of the summary."""
        word = "ok" if self.passed else "FAILED"
        return f"{self.name:<8} {word:<6} {self.seconds:6.1f} s"


STATIC_STEPS = (
    Step("format", ("ruff", "format", "--check", "--quiet", "--diff", ".")),
    Step("lint", ("ruff", "check", "--quiet", ".")),
    Step("types", ("mypy",)),
    Step("imports", ("lint-imports", "--no-logo")),
)

# Tests of real processes mostly wait for them: one more worker than a small machine has cores.
PYTEST = ("pytest", "--numprocesses", "3", "--dist", "worksteal")

REPAIRS = (
    Step("repair", ("ruff", "check", "--fix", "--exit-zero", "--quiet", ".")),
    Step("reformat", ("ruff", "format", "--quiet", ".")),
)


def run_all(steps: Iterable[Step]) -> list[Outcome]:
    """Run every step, also after one has failed, and print each outcome as it comes."""
    outcomes = []
    for step in steps:
        outcome = run(step)
        print(outcome, flush=True)
        outcomes.append(outcome)
    return outcomes


def run(step: Step) -> Outcome:
    """Run one step in the checkout's root."""
    program, *arguments = step.command
    started = time.monotonic()
    done = subprocess.run(
        [str(BIN / program), *arguments],
        cwd=ROOT,
        stdout=None if step.live else subprocess.PIPE,
        stderr=None if step.live else subprocess.STDOUT,
        check=False,
    )
    seconds = time.monotonic() - started
    if done.returncode and done.stdout:
        print(done.stdout.decode(errors="replace").rstrip(), flush=True)
    return Outcome(step.name, done.returncode == 0, seconds)


def names_of_failed(outcomes: Iterable[Outcome]) -> str:
    """List the failed steps; empty when all passed."""
    return ", ".join(outcome.name for outcome in outcomes if not outcome.passed)
