"""Where a passphrase comes from, and how often a person may mistype it."""

import os
from pathlib import Path

import pytest

from client.cli import opening
from client.cli.opening import passphrase_of
from client.cli.root import main
from client.cli.settings import Settings
from client.profile.creating import create_profile
from client.profile.passphrase import Passphrase
from protocol.ids import Name

ALICE = Name("alice")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with one locked profile."""
    create_profile(tmp_path, ALICE, Passphrase.from_text("right"), os.urandom)
    return tmp_path


@pytest.fixture
def closed() -> str:
    """The number of a descriptor that is not open."""
    number = os.dup(0)
    os.close(number)
    return str(number)


@pytest.mark.parametrize(
    ("answers", "left"), [(["right"], 0), (["wrong", "wrong", "right", "more"], 1)]
)
def test_a_mistyped_passphrase_is_asked_for_again(
    home: Path, monkeypatch: pytest.MonkeyPatch, answers: list[str], left: int
) -> None:
    monkeypatch.setattr(opening, "ask_passphrase", lambda _prompt: answers.pop(0))
    assert passphrase_of(Settings(home=home), ALICE) is not None
    assert len(answers) == left


def test_the_third_wrong_answer_is_the_last(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = ["wrong"] * 4
    monkeypatch.setattr(opening, "ask_passphrase", lambda _prompt: answers.pop())
    assert main(["--home", str(home), "contacts"]) == 5
    assert len(answers) == 1
    assert capsys.readouterr().err.count("Once more") == 2


def test_a_descriptor_that_is_not_open_is_refused(
    home: Path, closed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--home", str(home), "--passphrase-file", closed, "contacts"]) == 1
    assert f"descriptor {closed} is not open for reading" in capsys.readouterr().err


def test_a_new_passphrase_from_such_a_descriptor_is_refused(
    home: Path, closed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--home", str(home), "passphrase", "--new-passphrase-file", closed]
    assert main(command) == 1
    assert f"descriptor {closed} is not open for reading" in capsys.readouterr().err


def test_a_descriptor_that_can_only_be_written_is_refused(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reading, writing = os.pipe()
    try:
        assert main(["--home", str(home), "--passphrase-file", str(writing), "contacts"]) == 1
    finally:
        os.close(reading)
        os.close(writing)
    assert "is not open for reading" in capsys.readouterr().err


def test_an_open_descriptor_is_read(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"wrong\n")
    os.close(writing)
    assert main(["--home", str(home), "--passphrase-file", str(reading), "contacts"]) == 5
    assert "descriptor" not in capsys.readouterr().err


@pytest.mark.parametrize("file", ["/nowhere", os.devnull])
def test_a_file_for_a_profile_that_is_not_locked_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], file: str
) -> None:
    create_profile(tmp_path, ALICE, None, os.urandom)
    assert main(["--home", str(tmp_path), "--passphrase-file", file, "contacts"]) == 1
    assert "has no passphrase" in capsys.readouterr().err
