"""A service of this machine, as a process of its own: one at a time, for as long as it lives.

Whoever holds the lock may start it, and the process inherits the lock::

    nobody holds it            it does not run; take the lock and start it
    held, no address yet       somebody is starting it: wait
    held, it said its address  it runs

The kernel gives the lock back when the process is dead, however it died; so no process id is ever
trusted without it. Of the service nothing is known here but its command line and that it says its
address.
"""

import errno
import fcntl
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, TypeVar

import trio

from client.errors import LocalError
from client.profile.files import PRIVATE_FILE, PRIVATE_FOLDER, write_atomically
from client.text import clean_line
from protocol.errors import BadAddress

START_TIMEOUT_S: Final = 15
STOP_TIMEOUT_S: Final = 15

_POLL_S: Final = 0.05
_MAX_SAID: Final = 300

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Running(Generic[A]):
    """A service that runs on this machine, ready to answer at ``address``."""

    pid: int
    address: A
    started_at_ms: int


@dataclass(frozen=True, slots=True)
class ServiceFolder:
    """Where a service keeps its things; nothing says that they exist.

    Args:
        data: the service's own folder.
        ours: what clients know about it.
    """

    data: Path
    ours: Path

    @property
    def lock(self) -> Path:
        """Locked as long as the service lives."""
        return self.ours / "lock"

    @property
    def state(self) -> Path:
        """Which process it is."""
        return self.ours / "process.json"

    @property
    def output(self) -> Path:
        """What this start of it has said; first, when it is ready, its address."""
        return self.ours / "output"


@dataclass(frozen=True, slots=True)
class Service(Generic[A]):
    """A service, running or not.

    Attributes:
        name: what it is called in sentences, as "The local relay".
        folder: where its things are.
        read: reads the line in which it says its address; BadAddress for any other.
        advice: what to try when it does not start.
    """

    name: str
    folder: ServiceFolder
    read: Callable[[str], A]
    advice: str

    def running(self) -> Running[A] | None:
        """Give the process that runs, or None."""
        if not self.folder.lock.exists():
            return None
        lock = self._try_lock()
        if lock is None:
            return self._read_state()
        os.close(lock)
        return None

    def last_address(self) -> A | None:
        """Give the address of the one that runs or ran last; None if none did."""
        for line in self._said():
            try:
                return self.read(line)
            except BadAddress:
                continue
        return None

    async def ensure_running(self, arguments: list[str]) -> tuple[Running[A], bool]:
        """Start it with ``arguments`` of ``python -m server``, unless it runs or is being started.

        Returns:
            The process, ready to answer, and whether this call started it.

        Raises:
            LocalError: it does not start.
        """
        with trio.move_on_after(START_TIMEOUT_S):
            while True:
                lock = self._try_lock()
                if lock is not None:
                    return await self._start(arguments, lock), True
                found = self._read_state()
                if found is not None:
                    return found, False
                await trio.sleep(_POLL_S)
        raise self._does_not_start()

    async def stop(self) -> Running[A] | None:
        """End it and wait for its end; None if it does not run.

        Raises:
            LocalError: it does not end, or belongs to another user.
        """
        found = self.running()
        if found is None:
            return None
        try:
            os.kill(found.pid, signal.SIGTERM)
        except ProcessLookupError:
            return None
        except PermissionError as error:
            raise LocalError(
                f"{self.name} (process {found.pid}) belongs to another user.",
                hint="Ask that user to stop it.",
            ) from error
        with trio.move_on_after(STOP_TIMEOUT_S):
            while self.running() is not None:  # noqa: ASYNC110  # another process ends: polled
                await trio.sleep(_POLL_S)
            return found
        raise LocalError(
            f"{self.name} (process {found.pid}) does not end.",
            hint=f"Look at what it said, in {self.folder.output}, or: kill -9 {found.pid}",
        )

    async def _start(self, arguments: list[str], lock: int) -> Running[A]:
        """Start it and wait until it is ready; it takes the lock over."""
        try:
            # What an earlier one left would mislead those who wait for this one.
            self.folder.state.unlink(missing_ok=True)
            self.folder.output.unlink(missing_ok=True)
            pid = _spawn(arguments, self.folder.output, lock)
            state = {"pid": pid, "started_at_ms": time.time_ns() // 1_000_000}
            write_atomically(self.folder.state, json.dumps(state).encode())
            while (found := self._read_state()) is None:
                if _has_ended(pid):
                    raise self._does_not_start()
                await trio.sleep(_POLL_S)
            return found
        finally:
            os.close(lock)

    def _try_lock(self) -> int | None:
        """Take the lock without waiting; gives its descriptor, or None while another has it."""
        self.folder.ours.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        descriptor = os.open(self.folder.lock, os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            if error.errno in (errno.EAGAIN, errno.EACCES):
                return None
            raise
        return descriptor

    def _read_state(self) -> Running[A] | None:
        """Read who runs; None until it has said its address."""
        try:
            fields = json.loads(self.folder.state.read_bytes())
            pid, started_at_ms = int(fields["pid"]), int(fields["started_at_ms"])
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None
        address = self.last_address()
        return None if address is None else Running(pid, address, started_at_ms)

    def _said(self) -> list[str]:
        """Give the whole lines that it has said."""
        try:
            text = self.folder.output.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return []
        return [line.rstrip() for line in text.splitlines(keepends=True) if line.endswith("\n")]

    def _does_not_start(self) -> LocalError:
        said = self._said()
        return LocalError(
            f"{self.name} does not start.",
            why=clean_line(said[-1][:_MAX_SAID]) if said else "It said nothing.",
            hint=self.advice,
        )


def _has_ended(pid: int) -> bool:
    """Tell whether a child of ours is dead."""
    return os.waitpid(pid, os.WNOHANG) != (0, 0)


def _spawn(arguments: list[str], output: Path, lock: int) -> int:
    """Start the process in a session of its own, so that no Ctrl-C of ours reaches it."""
    # -P: a folder named `server` where the user stands must not be imported.
    command = [sys.executable, "-P", "-m", "server", *arguments]
    append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    os.set_inheritable(lock, True)
    try:
        return os.posix_spawn(
            sys.executable,
            command,
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, str(output), append, PRIVATE_FILE),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,
            setsigdef=[signal.SIGINT, signal.SIGTERM, signal.SIGPIPE],
        )
    finally:
        os.set_inheritable(lock, False)
