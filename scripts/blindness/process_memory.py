"""Read the memory of a running process, which is stopped meanwhile.

Linux only: ``/proc/PID/maps`` lists the regions, ``/proc/PID/mem`` holds the
bytes. One may read the memory of one's own children.

Spec: proc(5)
"""

import contextlib
import os
import re
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scripts.blindness.stretches import PIECE_BYTES, Stretch

PROC: Final = Path("/proc")
_STOP_TIMEOUT_S: Final = 2.0
_STOP_POLL_S: Final = 0.001

# Served by the kernel, without memory of the process behind them; reading them fails.
_NOT_MEMORY: Final = ("[vvar]", "[vvar_vclock]", "[vsyscall]")

_MAPS_LINE: Final = re.compile(
    r"(?P<start>[0-9a-f]+)-(?P<end>[0-9a-f]+) (?P<mode>\S{4}) \S+ \S+ \d+ *(?P<name>.*)"
)


class MemoryUnreadable(Exception):
    """The memory of a process cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Region:
    """Consecutive readable memory: first address, address behind it, and its name."""

    start: int
    end: int
    name: str


def is_supported() -> bool:
    """Tell whether this system lets one read the memory of a process."""
    return (PROC / "self" / "maps").exists() and (PROC / "self" / "mem").exists()


def parse_maps(text: str) -> Iterator[Region]:
    """Give the readable regions of a ``/proc/PID/maps``."""
    for line in text.splitlines():
        match = _MAPS_LINE.fullmatch(line)
        if match is None:
            raise MemoryUnreadable(f"a line of /proc/PID/maps has another form: {line!r}")
        if match["mode"].startswith("r") and match["name"] not in _NOT_MEMORY:
            yield Region(
                int(match["start"], 16), int(match["end"], 16), match["name"] or "anonymous"
            )


@contextlib.contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Stop a process for a while: what is read is one moment, and files match memory.

    Raises:
        MemoryUnreadable: there is no such process, or it does not stop.
    """
    try:
        os.kill(pid, signal.SIGSTOP)
        try:
            _wait_until_stopped(pid)
            yield
        finally:
            os.kill(pid, signal.SIGCONT)
    except ProcessLookupError as error:
        raise MemoryUnreadable(f"process {pid} is gone") from error


def stretches(pid: int) -> Iterator[Stretch]:
    """Give the readable memory of a stopped process, one stretch for each region.

    Raises:
        MemoryUnreadable: there is no such process, or it is not ours.
    """
    try:
        regions = list(parse_maps((PROC / str(pid) / "maps").read_text(errors="replace")))
        memory = os.open(PROC / str(pid) / "mem", os.O_RDONLY)
    except OSError as error:
        raise MemoryUnreadable(f"the memory of process {pid} cannot be read: {error}") from error
    try:
        for region in regions:
            yield Stretch(f"memory {region.name}", region.start, _pieces(memory, region))
    finally:
        os.close(memory)


def _pieces(memory: int, region: Region) -> Iterator[bytes]:
    address = region.start
    while address < region.end:
        try:
            piece = os.pread(memory, min(PIECE_BYTES, region.end - address), address)
        except OSError:
            # A mapped file that is shorter than its mapping: behind its end there is nothing.
            return
        if not piece:  # the process has ended
            return
        yield piece
        address += len(piece)


def _wait_until_stopped(pid: int) -> None:
    deadline = time.monotonic() + _STOP_TIMEOUT_S
    while not is_stopped(pid):
        if time.monotonic() > deadline:
            raise MemoryUnreadable(f"process {pid} did not stop within {_STOP_TIMEOUT_S:.0f} s")
        time.sleep(_STOP_POLL_S)


def is_stopped(pid: int) -> bool:
    """Tell whether every thread of a process is stopped."""
    return all(_state(task) in "Tt" for task in (PROC / str(pid) / "task").iterdir())


def _state(task: Path) -> str:
    """Give a thread's state; it stands behind the name in parentheses, which may hold some."""
    return (task / "stat").read_text(errors="replace").rpartition(")")[2].split()[0]
