"""The set-up of ``.venv``: one build at a time, never a half one, nothing done twice.

The steps themselves are replaced by a recorder: what they install is not at stake here.
"""

import importlib.util
import shutil
import threading
from pathlib import Path

import pytest

from scripts import environment
from scripts.environment import Checkout, SetupError, ensure

ROOT = Path(__file__).resolve().parents[2]


class Recorder:
    """Stands for the real steps; makes just enough of an environment."""

    def __init__(self) -> None:
        self.commands: list[list[str]] = []
        self.fail_at: str | None = None

    def __call__(self, command: list[str], lock: int) -> None:
        self.commands.append(command)
        if self.fail_at in command:
            raise SetupError(f"{self.fail_at} fails")
        if "venv" in command:
            python = Path(command[-1]) / "bin" / "python"
            python.parent.mkdir()
            python.touch()

    def count(self, word: str) -> int:
        """Count the steps so far that name ``word``."""
        return sum(word in command for command in self.commands)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    for name in ("pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    return Checkout(tmp_path)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    recorder = Recorder()
    monkeypatch.setattr(environment, "run", recorder)
    return recorder


def test_a_second_run_does_nothing(checkout: Checkout, steps: Recorder) -> None:
    ensure(checkout, "user")
    before = len(steps.commands)
    ensure(checkout, "user")
    assert steps.count("venv") == 1
    assert len(steps.commands) == before


def test_a_level_adds_its_extra_and_serves_as_user(checkout: Checkout, steps: Recorder) -> None:
    ensure(checkout, "user")
    assert steps.count("mypy") == 0
    ensure(checkout, "dev")
    assert (steps.count("mypy"), steps.count("venv")) == (1, 1)
    before = len(steps.commands)
    ensure(checkout, "user")
    assert len(steps.commands) == before
    ensure(checkout, "bench")
    assert "mypy" in steps.commands[-2], "a new level keeps the old ones in step"
    assert "vodozemac" in steps.commands[-2]


def test_changed_pins_update_in_place(checkout: Checkout, steps: Recorder) -> None:
    ensure(checkout, "dev")
    checkout.constraints.write_text("trio==0.0.1\n")
    ensure(checkout, "user")
    assert steps.count("venv") == 1
    assert steps.count("mypy") == 2


def test_a_changed_lint_rule_costs_nothing(checkout: Checkout, steps: Recorder) -> None:
    ensure(checkout, "dev")
    before = len(steps.commands)
    project = checkout.root / "pyproject.toml"
    project.write_text(project.read_text() + "\n[tool.other]\nkey = 1\n")
    ensure(checkout, "dev")
    assert len(steps.commands) == before


@pytest.mark.parametrize("step", ["venv", "pip", "trio", "--editable"])
def test_a_build_that_stopped_anywhere_is_made_anew(
    checkout: Checkout, steps: Recorder, step: str
) -> None:
    steps.fail_at = step
    with pytest.raises(SetupError):
        ensure(checkout, "user")
    remains = checkout.venv / "remains"
    remains.touch()
    steps.fail_at = None
    ensure(checkout, "user")
    assert steps.count("venv") == 2
    assert not remains.exists()
    assert not checkout.unfinished.exists()


def test_an_update_that_stopped_is_made_anew(checkout: Checkout, steps: Recorder) -> None:
    ensure(checkout, "user")
    steps.fail_at = "mypy"
    with pytest.raises(SetupError):
        ensure(checkout, "dev")
    steps.fail_at = None
    ensure(checkout, "user")
    assert steps.count("venv") == 2


def test_one_made_by_hand_is_completed(checkout: Checkout, steps: Recorder) -> None:
    checkout.python.parent.mkdir(parents=True)
    checkout.python.touch()
    ensure(checkout, "user")
    assert steps.count("venv") == 0
    assert steps.count("--editable") == 1


def test_a_moved_checkout_gets_a_new_one(
    checkout: Checkout, steps: Recorder, tmp_path: Path
) -> None:
    ensure(checkout, "user")
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("pyproject.toml", "constraints.txt"):
        shutil.copy(checkout.root / name, copy)
    shutil.copytree(checkout.venv, copy / ".venv")
    ensure(Checkout(copy), "user")
    assert steps.count("venv") == 2


def test_two_at_once_build_one(
    checkout: Checkout, steps: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first build does not go on before the second launcher is seen to wait."""
    waits = threading.Event()

    def tell(line: str) -> None:
        if line.startswith("Waiting"):
            waits.set()

    def run(command: list[str], lock: int) -> None:
        assert waits.wait(timeout=60)
        steps(command, lock)

    monkeypatch.setattr(environment, "tell", tell)
    monkeypatch.setattr(environment, "run", run)
    both = [threading.Thread(target=ensure, args=(checkout, "user")) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert steps.count("venv") == 1


def test_a_python_without_ensurepip_is_told_what_to_do(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SetupError, match=r"apt-get install python3\.\d+-venv"):
        ensure(checkout, "user")
    assert not checkout.venv.exists()


def test_a_failed_step_shows_its_own_words(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as lock, pytest.raises(SetupError, match="no such index"):
        environment.run(["sh", "-c", "echo no such index; exit 3"], lock.fileno())
