"""A real relay process, and connections to it over TLS and TCP.

    with relay_process(folder) as relay:
        client = await relay.enter(person)
        relay.kill()

For tests marked slow: real time, real files.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import trio

from tests.support.tls import fingerprint_of, over_tls, public_key_in
from tests.support.wire_client import Person, WireClient

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 30


def relay_command(folder: Path, *options: str) -> list[str]:
    """Give the command line of a relay on a free port of this machine."""
    where = ["--listen", "127.0.0.1:0", "--data", str(folder)]
    return [sys.executable, "-m", "server", "relay", *where, *options]


@dataclass
class RelayProcess:
    """A relay that is ready.

    Attributes:
        process: the relay, or what it runs under.
        url: the address it printed.
    """

    process: subprocess.Popen[str]
    url: str
    _sockets: list[trio.socket.SocketType] = field(default_factory=list)

    @property
    def fingerprint(self) -> str:
        """What the address says after '#'."""
        return self.url.partition("#")[2]

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.url.partition("#")[0].rpartition(":")[2])

    async def connect(self) -> tuple[WireClient, bytes]:
        """Connect over TLS, compare the fingerprint, and say Hello; give the relay's key too."""
        transport = await trio.open_tcp_stream("127.0.0.1", self.port)
        self._sockets.append(transport.socket)
        stream = over_tls(transport)
        await stream.do_handshake()
        key = public_key_in(stream)
        assert fingerprint_of(key) == self.fingerprint
        client = WireClient(stream)
        await client.greet()
        return client, key.public_bytes_raw()

    async def enter(self, person: Person) -> WireClient:
        """Connect and register, or log in again."""
        client, key = await self.connect()
        await client.enter_now(person, key)
        return client

    def hang_up(self) -> None:
        """Close whatever connections the test has left open."""
        for each in self._sockets:
            each.close()

    def kill(self) -> None:
        """SIGKILL: nothing in the process gets to say a last word."""
        self.process.kill()
        self.process.wait()

    def terminate(self) -> int:
        """SIGTERM; give the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=START_SECONDS)


@contextmanager
def relay_process(
    folder: Path, *options: str, under: tuple[str, ...] = ()
) -> Iterator[RelayProcess]:
    """Start a relay on ``folder`` and wait until it is ready; kill it at the end.

    Args:
        folder: its data folder.
        options: more options of ``glasspost-server relay``.
        under: a command to run it under, as strace with its options.
    """
    with subprocess.Popen(
        [*under, *relay_command(folder, *options)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdout is not None
        relay = RelayProcess(process, process.stdout.readline().strip())
        try:
            yield relay
        finally:
            relay.hang_up()
            process.kill()
