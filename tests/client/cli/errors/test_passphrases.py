"""Passphrases that are wrong, or cannot be asked for."""

from pathlib import Path

import pytest

from tests.client.cli.errors.rig import Expected, World, check
from tests.client.cli.harness import (
    Person,
)

pytestmark = pytest.mark.slow


@pytest.fixture
def locked(world: World, tmp_path: Path) -> Person:
    """Alice, with a passphrase."""
    (tmp_path / "right").write_text("correct horse\n")
    arguments = ["passphrase", "--new-passphrase-file", str(tmp_path / "right")]
    assert world.alice.run(*arguments).code == 0
    return world.alice


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("wrong\n", Expected(5, "passphrase is wrong")),
        ("", Expected(1, "is empty", "first line")),
        ("x" * 5000, Expected(1, "too long for a passphrase", "first line")),
        (None, Expected(1, "cannot be read", "--passphrase-file")),
    ],
)
def test_wrong_passphrases(
    locked: Person, tmp_path: Path, content: str | None, expected: Expected
) -> None:
    path = tmp_path / "given"
    if content is not None:
        path.write_text(content)
    check(locked, ["--passphrase-file", str(path), "contacts"], expected)


def test_nobody_to_ask_for_a_passphrase(locked: Person) -> None:
    check(locked, ["contacts"], Expected(1, "no terminal to ask on", "--passphrase-file"))


def test_two_ways_to_a_new_passphrase(world: World) -> None:
    arguments = ["passphrase", "--no-passphrase", "--new-passphrase-file", "x"]
    check(world.alice, arguments, Expected(1, "exclude each other", "Leave one out"))
