"""A real vault process, and clients of it over TLS and TCP, for tests marked slow.

with vault_process(folder, "north") as vault:
    async with open_vault(vault.address) as client:
        ...
    vault.kill()
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from client.network.vault_address import parse_vault
from protocol.recovery.record import Vault
from tests.support.relay_process import ROOT, START_SECONDS


def vault_command(folder: Path, name: str, *options: str) -> list[str]:
    """Give the command line of a vault on a free port of this machine."""
    where = ["--name", name, "--listen", "127.0.0.1:0", "--data", str(folder)]
    return [sys.executable, "-m", "server", "vault", *where, *options]


@dataclass
class VaultProcess:
    """A vault that is ready, or what it runs under; ``said`` is its one line."""

    process: subprocess.Popen[str]
    said: str

    @property
    def address(self) -> Vault:
        """Where it is."""
        return parse_vault(self.said)

    def kill(self) -> None:
        """SIGKILL: nothing in the process gets to say a last word."""
        self.process.kill()
        self.process.wait()

    def terminate(self) -> int:
        """SIGTERM; give the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=START_SECONDS)


@contextmanager
def vault_process(
    folder: Path, name: str, *options: str, under: tuple[str, ...] = ()
) -> Iterator[VaultProcess]:
    """Start a vault on ``folder`` and wait until it is ready; kill it at the end.

    Args:
        folder: its data folder.
        name: what it goes by.
        options: more options of ``glasspost-server vault``.
        under: a command to run it under, as strace with its options.
    """
    with subprocess.Popen(
        [*under, *vault_command(folder, name, *options)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdout is not None
        try:
            yield VaultProcess(process, process.stdout.readline().strip())
        finally:
            process.kill()
