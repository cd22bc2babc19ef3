"""The launchers: short, executable, and each with a Python module of its own."""

import os
import subprocess
from pathlib import Path

import pytest

from scripts.chat import command_line

ROOT = Path(__file__).resolve().parents[2]
LAUNCHERS = ("demo", "chat", "relay", "vaults", "test", "check", "bench", "fuzz", "siege")
SHELL_FILES = (*(f"scripts/{name}" for name in (*LAUNCHERS, "venv")), ".ci/run")


@pytest.mark.parametrize("name", SHELL_FILES)
def test_it_is_executable(name: str) -> None:
    assert os.access(ROOT / name, os.X_OK)


@pytest.mark.parametrize("name", LAUNCHERS)
def test_a_launcher_holds_no_logic(name: str) -> None:
    lines = (ROOT / "scripts" / name).read_text(encoding="utf-8").splitlines()
    assert lines[0] == "#!/bin/sh"
    assert len(lines) == 5
    assert f" {name} " in lines[-1]


def test_too_old_a_python_is_refused_with_advice(tmp_path: Path) -> None:
    """Every Python on this PATH claims to be too old."""
    for name in ("python3", "python3.11", "python3.12", "python3.13", "python3.14"):
        fake = tmp_path / name
        fake.write_text("#!/bin/sh\nexit 1\n")
        fake.chmod(0o755)
    for name in ("dirname", "readlink"):
        (tmp_path / name).symlink_to(f"/usr/bin/{name}")
    done = subprocess.run(
        ["/bin/sh", ROOT / "scripts" / "relay"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "needs Python 3.11 or newer" in done.stderr
    assert "PYTHON=/path/to/python3 scripts/relay" in done.stderr


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], ["chat"]),
        (["alice"], ["--as", "alice", "chat"]),
        (["alice", "bob"], ["--as", "alice", "chat", "bob"]),
        (["alice", "bob", "--relay", "R"], ["--relay", "R", "--as", "alice", "chat", "bob"]),
        (["--help"], ["chat", "--help"]),
    ],
)
def test_chat_puts_options_where_glasspost_takes_them(
    given: list[str], expected: list[str]
) -> None:
    assert command_line(given) == expected
