"""The commands as a person runs them: processes, a real relay, two homes."""

import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from client.cli.root import main

START_TIMEOUT_S = 20.0
COMMAND_TIMEOUT_S = 60.0


@dataclass
class RelayProcess:
    """``glasspost-server relay`` on a port of its own, to start, kill and start again."""

    data: Path
    port: int = field(default_factory=lambda: free_port())
    address: str = ""
    process: subprocess.Popen[str] | None = None
    options: tuple[str, ...] = ()

    def start(self) -> None:
        """Start it and wait until it has said its address."""
        command = [sys.executable, "-m", "server", "relay"]
        command += ["--listen", f"127.0.0.1:{self.port}", "--data", str(self.data)]
        command += self.options
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()
        assert self.address.startswith("glasspost://"), self.address

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End it by a signal, if it runs."""
        if self.process is None:
            return
        self.process.send_signal(number)
        self.process.wait(START_TIMEOUT_S)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process = None


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def records(self) -> list[dict[str, Any]]:
        """The JSON objects on standard output."""
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass(frozen=True)
class Person:
    """Somebody with a home of their own."""

    name: str
    home: Path
    environment: dict[str, str]

    def command(self, *arguments: str) -> list[str]:
        """Give the command line."""
        return [
            sys.executable,
            "-m",
            "client",
            "--home",
            str(self.home),
            "--as",
            self.name,
            *arguments,
        ]

    def run(self, *arguments: str, stdin: str = "") -> Ran:
        """Run ``glasspost`` to its end."""
        return run(self.command(*arguments), self.environment, stdin)

    def run_here(self, *arguments: str) -> Ran:
        """Run ``glasspost`` in this process: sooner, for what ends before it waits for anything."""
        out, err = io.BytesIO(), io.BytesIO()
        with (
            mock.patch.dict(os.environ, self.environment, clear=True),
            mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO())),
            redirect_stdout(io.TextIOWrapper(out, write_through=True)) as output,
            redirect_stderr(io.TextIOWrapper(err, write_through=True)) as errors,
        ):
            code = main(self.command(*arguments)[3:])
            output.flush()
            errors.flush()
            return Ran(code, out.getvalue().decode(), err.getvalue().decode())

    def register(self, relay: str) -> None:
        """Register without a passphrase."""
        done = self.run("--relay", relay, "register", self.name, "--no-passphrase")
        assert done.code == 0, done.err

    def listen(self, count: int, timeout: int = 20) -> list[str]:
        """Give the texts of the next messages."""
        done = self.run("--json", "listen", "--count", str(count), "--timeout", str(timeout))
        assert done.code == 0, done.err
        return [str(record["text"]) for record in done.records]


def run(command: list[str], environment: dict[str, str], stdin: str = "") -> Ran:
    """Run a command to its end; nobody waits for a terminal."""
    done = subprocess.run(
        command,
        input=stdin,
        env=environment,
        capture_output=True,
        text=True,
        timeout=COMMAND_TIMEOUT_S,
        start_new_session=True,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def untyped(words: str) -> str:
    """Give advice without the options that every :class:`Person` types, on one line."""
    return re.sub(r"(?<=glasspost )(--(home|as) \S+ )+", "", " ".join(words.split()))


def environment_of(folder: Path) -> dict[str, str]:
    """Give an environment that keeps everything in ``folder``; bugs show their traceback."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GLASSPOST")}
    warnings = {"PYTHONWARNINGS": "error"}
    return {**kept, **warnings, "XDG_DATA_HOME": str(folder), "TERM": "dumb"}


def free_port() -> int:
    """Give a port that is free at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_relay(data: Path, *options: str) -> Iterator[RelayProcess]:
    """Run a relay inside the block."""
    relay = RelayProcess(data, options=options)
    relay.start()
    try:
        yield relay
    finally:
        relay.stop(signal.SIGKILL)


def wait_until(condition: Any, timeout_s: float = COMMAND_TIMEOUT_S) -> None:
    """Wait for something that another process does."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
