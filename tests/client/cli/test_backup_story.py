"""A lost device, from the first set-up to the new one, with processes for everything.

Three vaults, a storage, a history; then a new device gets the history back by the digits, by the
password with one vault dead, and from an exported file.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.client.cli.backup_rig import PASSWORD, Keeper, keeper_with_history
from tests.client.cli.harness import COMMAND_TIMEOUT_S, Person, Ran

pytestmark = pytest.mark.slow


@contextmanager
def vaults(data: Path) -> Iterator[list[str]]:
    """Start three vaults as a person does; give how each is named behind ``--vault``."""
    try:
        yield said(data, "up").splitlines()
    finally:
        said(data, "down")


def said(data: Path, action: str) -> str:
    command = [sys.executable, "-m", "scripts.vaults", action, "--data", str(data)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=COMMAND_TIMEOUT_S, check=True
    )
    return done.stdout


def process_of(data: Path, name: str) -> int:
    (line,) = (line for line in said(data, "status").splitlines() if line.startswith(name))
    return int(line.partition(" process ")[2].partition(":")[0])


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Keeper]:
    with keeper_with_history(tmp_path) as keeper:
        yield keeper


def done(person: Person, *arguments: str) -> Ran:
    """Run a command in a process of its own, which has to succeed."""
    result = person.run(*arguments)
    assert result.code == 0, result
    assert "Traceback" not in result.err
    return result


def history(person: Person) -> list[object]:
    told = done(person, "--json", "history", "bob").out.splitlines()
    return [json.loads(line) for line in told]


def test_a_history_comes_back_on_a_new_device(keeper: Keeper, tmp_path: Path) -> None:
    alice, data = keeper.person, tmp_path / "vaults"
    keeper.password.write_text(f"{PASSWORD}\n")
    secrets = ("--digits-file", str(keeper.digits)), ("--password-file", str(keeper.password))
    with vaults(data) as named:
        options = [f"--vault={each}" for each in named]
        done(
            alice, "backup", "setup", "--to", f"folder:{keeper.cloud}", "--password", "--digits",
            "--digits-out", str(keeper.digits), *secrets[1], "--page",
            str(tmp_path / "page.html"), *options,
        )  # fmt: skip
        done(alice, "backup", "create")
        for secret in secrets:
            drill = done(alice, "--json", "backup", "verify", "--drill", *secret).records[-1]
            assert drill["findings"] == []
            assert drill["drill"]["messages"] == 4
            assert drill["drill"]["account_key"]
        done(alice, "backup", "export", str(tmp_path / "alice.tar"))
        status = done(alice, "--json", "backup", "status").records[-1]
        assert [each["head_epoch"] for each in status["vaults"]] == [1, 1, 1]
        assert [each["left"] for each in status["vaults"]] == [5, 5, 5]
        said_before = history(alice)
        subprocess.run(["kill", "-9", str(process_of(data, "east"))], check=True)
        for number, secret in enumerate(secrets):
            device = replace(alice, home=tmp_path / f"new{number}")
            where = ("restore", "--from", f"folder:{keeper.cloud}", "--no-passphrase")
            done(device, "--relay", keeper.relay, *where, *secret)
            assert history(device) == said_before
    device = replace(alice, home=tmp_path / "from a file")
    exported = ("restore", "--from", str(tmp_path / "alice.tar"), "--no-passphrase")
    done(device, *exported, *secrets[0])
    assert history(device) == said_before


def test_a_new_password_and_new_digits_end_the_old_ones(keeper: Keeper, tmp_path: Path) -> None:
    alice, new = keeper.person, tmp_path / "new password"
    new.write_text("winter regen dach\n")
    more = tmp_path / "more digits"
    with vaults(tmp_path / "vaults") as named:
        keeper.set_up(*named)
        done(alice, "backup", "passwd", "--password-file", str(new))
        wrong = alice.run("backup", "verify", "--password-file", str(keeper.password))
        assert wrong.code == 5, wrong
        done(alice, "backup", "verify", "--password-file", str(new))
        add = ("backup", "slot", "add", "digits", "--digits-out", str(more))
        done(alice, *add, "--password-file", str(new))
        assert alice.run("backup", "verify", "--digits-file", str(keeper.digits)).code == 5
        done(alice, "backup", "verify", "--digits-file", str(more))
        done(alice, "backup", "slot", "remove", "password")
        gone = alice.run("backup", "verify", "--password-file", str(new))
        assert gone.code == 1, gone
    done(alice, "backup", "verify", "--drill", "--digits-file", str(more))
    assert len(done(alice, "--json", "backup", "list").records) >= 1
