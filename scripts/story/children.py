"""Processes of the demo: each is waited for with a bound, and none outlives it."""

import contextlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import trio

from scripts.story.failure import DemoFailed, step, tail

# As the launchers start Python: a folder named `client` where the user stands is not imported.
PYTHON: Final = (sys.executable, "-P", "-m")
COMMAND_TIMEOUT_S: Final = 15.0
_END_TIMEOUT_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class Finished:
    """How a command ended, and what it printed."""

    exit_code: int
    output: str


async def run(
    what: str,
    command: Sequence[str],
    log: Path,
    standard_input: str,
    accept: frozenset[int],
) -> Finished:
    """Run a command to its end.

    Args:
        what: the step, for error messages.
        command: program and arguments.
        log: takes what it writes on standard error.
        standard_input: what it can read.
        accept: exit codes that are as they should be.

    Raises:
        DemoFailed: it took too long, or ended with another code.
    """
    with step(what, COMMAND_TIMEOUT_S, log), log.open("ab") as errors:
        done = await trio.run_process(
            command,
            stdin=standard_input.encode(),
            capture_stdout=True,
            stderr=errors,
            check=False,
        )
    if done.returncode not in accept:
        raise DemoFailed(what, f"it ended with exit code {done.returncode}", tail(log))
    return Finished(done.returncode, done.stdout.decode(errors="replace"))


async def start(
    command: Sequence[str], log: Path, output: int, environment: dict[str, str] | None = None
) -> trio.Process:
    """Start a process that runs on; what it writes on standard error goes to ``log``.

    Args:
        command: program and arguments.
        log: takes standard error, and standard output too with ``STDOUT``.
        output: ``subprocess.PIPE`` to read its standard output, ``subprocess.STDOUT``
            to send it to ``log`` as well.
        environment: variables to set beside our own.
    """
    with log.open("ab") as errors:
        return await trio.lowlevel.open_process(
            command,
            stdin=subprocess.DEVNULL,
            stdout=errors if output == subprocess.STDOUT else output,
            stderr=errors,
            env=os.environ | (environment or {}),
        )


async def end(process: trio.Process) -> None:
    """Ask a process to end, and after a while force it; never leaves it running."""
    with trio.CancelScope(shield=True):
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        with trio.move_on_after(_END_TIMEOUT_S):
            await process.wait()
        if process.returncode is None:
            process.kill()
            await process.wait()


async def lines(stream: trio.abc.ReceiveStream) -> AsyncIterator[str]:
    """Give the lines of a stream as they come, without their ends."""
    rest = b""
    async for data in stream:
        *whole, rest = (rest + data).split(b"\n")
        for line in whole:
            yield line.decode(errors="replace")
