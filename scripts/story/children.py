"""Processes of the demo: each is waited for with a bound, and none outlives it."""

import contextlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import trio

from scripts.story.failure import DemoFailed, step, tail

# As the launchers start Python: a folder named `client` where the user stands is not imported.
PYTHON: Final = (sys.executable, "-P", "-m")

_COMMAND_TIMEOUT_S: Final = 15.0
_END_TIMEOUT_S: Final = 3.0

# Whatever the terminal's encoding, what goes through pipes is UTF-8.
_ENVIRONMENT: Final = {"PYTHONUTF8": "1"}


async def run(what: str, command: Sequence[str], log: Path, *, exit_code: int = 0) -> str:
    """Run a command to its end; gives its standard output.

    Args:
        what: the step, for error messages.
        command: program and arguments.
        log: takes what it writes on standard error.
        exit_code: the one that it has to end with.

    Raises:
        DemoFailed: it took too long, or ended with another exit code.
    """
    with step(what, _COMMAND_TIMEOUT_S, log), log.open("ab") as errors:
        done = await trio.run_process(
            command,
            stdin=b"",
            capture_stdout=True,
            stderr=errors,
            check=False,
            env=os.environ | _ENVIRONMENT,
        )
    if done.returncode != exit_code:
        raise DemoFailed(what, f"it ended with exit code {done.returncode}", tail(log))
    return done.stdout.decode(errors="replace")


async def start(
    command: Sequence[str], log: Path, output: int, environment: Mapping[str, str] | None = None
) -> trio.Process:
    """Start a process that runs on; its standard input is a pipe.

    Args:
        command: program and arguments.
        log: takes what it writes on standard error.
        output: where standard output goes: ``PIPE``, or ``STDOUT`` for ``log`` as well.
        environment: variables to set beside our own.
    """
    with log.open("ab") as errors:
        return await trio.lowlevel.open_process(
            command,
            stdin=subprocess.PIPE,
            stdout=errors if output == subprocess.STDOUT else output,
            stderr=errors,
            env=os.environ | _ENVIRONMENT | dict(environment or {}),
        )


async def end(process: trio.Process, *, gently: bool = False) -> None:
    """End a process; never leaves it running.

    Args:
        process: may have ended already.
        gently: first close its standard input, as Ctrl-D does, and let it finish.
    """
    with trio.CancelScope(shield=True):
        if process.stdin is not None:
            await process.stdin.aclose()
        for signal_it in (*([_nothing] if gently else []), process.terminate, process.kill):
            with contextlib.suppress(ProcessLookupError):
                signal_it()
            with trio.move_on_after(_END_TIMEOUT_S):
                await process.wait()
                break
        if process.stdout is not None:
            await process.stdout.aclose()


def _nothing() -> None:
    """Send no signal."""


async def lines(stream: trio.abc.ReceiveStream) -> AsyncIterator[str]:
    """Give the lines of a stream as they come, without their ends."""
    rest = b""
    async for data in stream:
        *whole, rest = (rest + data).split(b"\n")
        for line in whole:
            yield line.decode(errors="replace")
