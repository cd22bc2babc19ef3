"""The relay as a process of its own: started, killed, started again."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import trio

from scripts.story import children
from scripts.story.failure import DemoFailed, step, tail

_START_TIMEOUT_S: Final = 10.0
_POLL_S: Final = 0.01

# The line that a relay prints when it is ready.
_ADDRESS: Final = re.compile(r"^glasspost://127\.0\.0\.1:(\d+)#([0-9a-f]{64})$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a relay listens on loopback, and the fingerprint of its key."""

    port: int
    fingerprint: str


@dataclass(slots=True)
class RelayProcess:
    """One relay, in one process after another.

    Attributes:
        data: its data folder.
        printed: takes standard output and error of all its processes.
        environment: variables its processes get besides ours.
    """

    data: Path
    printed: Path
    environment: dict[str, str]
    _process: trio.Process | None = None

    @property
    def pid(self) -> int:
        """The number of the present process.

        Raises:
            DemoFailed: none is running.
        """
        if self._process is None or self._process.poll() is not None:
            raise DemoFailed("looking at the relay", "it is not running", tail(self.printed))
        return self._process.pid

    @property
    def key_file(self) -> Path:
        """Its private key and certificate, there once it has started."""
        return self.data / "relay.key"

    async def start(self) -> Address:
        """Start a process on a free port, and wait until it is ready.

        Raises:
            DemoFailed: it ended, or is not ready in time.
        """
        before = self.printed.stat().st_size if self.printed.exists() else 0
        command = [*children.PYTHON, "server", "relay", "--listen", "127.0.0.1:0"]
        command += ["--data", str(self.data)]
        self._process = await children.start(
            command, self.printed, subprocess.STDOUT, self.environment
        )
        with step("starting the relay", _START_TIMEOUT_S, self.printed):
            return await self._wait_for_address(before)

    async def kill(self) -> None:
        """Kill the process as a power cut would: no signal it could catch."""
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            self._process = None

    async def end(self) -> None:
        """End the process, if one runs."""
        if self._process is not None:
            await children.end(self._process)
            self._process = None

    async def _wait_for_address(self, from_offset: int) -> Address:
        while True:
            text = self.printed.read_bytes()[from_offset:].decode(errors="replace")
            if match := _ADDRESS.search(text):
                return Address(int(match[1]), match[2])
            if self._process is None or self._process.poll() is not None:
                raise DemoFailed("starting the relay", "it ended at once", tail(self.printed))
            await trio.sleep(_POLL_S)
