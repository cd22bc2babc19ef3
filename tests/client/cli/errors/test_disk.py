"""Disks that are full."""

import resource
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.client.cli.errors.rig import Expected, World, assert_told
from tests.client.cli.harness import (
    Ran,
)

pytestmark = pytest.mark.slow


def test_a_full_disk(world: World) -> None:
    """A file-size limit makes every growing write fail, as a full disk does."""
    # Enough for the shared memory beside the log (32 kB), not for a message of 60 kB.
    size = 40_000
    done = subprocess.run(
        world.alice.command("send", "bob", "x" * 60_000),
        env=world.alice.environment,
        preexec_fn=limiting_files_to(size),
        capture_output=True,
        text=True,
        check=False,
    )
    assert_told(Ran(done.returncode, done.stdout, done.stderr), Expected(1, ""))
    # Nothing is half-done: the profile works, and the message is not there.
    assert world.alice.run("send", "bob", "short").code == 0
    texts = [row["text"] for row in world.alice.run("--json", "history", "bob").records]
    assert "x" * 60_000 not in texts


def limiting_files_to(size: int) -> Callable[[], None]:
    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


def test_standard_output_on_a_full_disk(world: World) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            world.alice.command("contacts"),
            env=world.alice.environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert_told(Ran(done.returncode, "", done.stderr), Expected(1, "The system refused", "disk"))
