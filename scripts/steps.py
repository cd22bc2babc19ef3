"""The steps of ``scripts/check`` and ``scripts/test``: run them all, time them, sum up."""

import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.prefix) / "bin"
INTERRUPTED = 130


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
    with subprocess.Popen(
        [str(BIN / program), *arguments],
        cwd=ROOT,
        stdout=None if step.live else subprocess.PIPE,
        stderr=None if step.live else subprocess.STDOUT,
    ) as process:
        printed = _wait(process)
    seconds = time.monotonic() - started
    if process.returncode and printed:
        print(printed.decode(errors="replace").rstrip(), flush=True)
    return Outcome(step.name, process.returncode == 0, seconds)


def _wait(process: subprocess.Popen[bytes]) -> bytes:
    """Give what the step printed, if it was to be kept; end with it when interrupted.

    The terminal tells the step of Ctrl-C too, and it ends in its own way; the second one kills it.
    """
    try:
        return process.communicate()[0] or b""
    except KeyboardInterrupt:
        try:
            process.wait()
        except KeyboardInterrupt:
            process.kill()
        print("Interrupted.", file=sys.stderr)
        sys.exit(INTERRUPTED)


def names_of_failed(outcomes: Iterable[Outcome]) -> str:
    """List the failed steps; empty when all passed."""
    return ", ".join(outcome.name for outcome in outcomes if not outcome.passed)
