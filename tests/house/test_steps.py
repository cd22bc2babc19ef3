"""How the steps of a check end early."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WAITING = """
import signal, sys
signal.signal(signal.SIGINT, lambda *_: sys.exit(3))
print("ready", flush=True)
signal.pause()
"""
RUN = f"""
from scripts.steps import Step, run
run(Step("test", ("python", "-c", {WAITING!r}), live=True))
"""


@pytest.mark.slow
def test_ctrl_c_ends_a_step_and_all_after_it_without_a_traceback() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", RUN],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as running:
        assert running.stdout
        assert running.stdout.readline() == "ready\n"
        os.killpg(running.pid, signal.SIGINT)
        _, errors = running.communicate(timeout=30)
    assert (running.returncode, errors) == (130, "Interrupted.\n")
