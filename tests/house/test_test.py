"""``scripts/test`` provides strace, or says what its lack means."""

import shutil

import pytest

from scripts import test as script


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The programs on the PATH; tests add to it."""
    programs: set[str] = set()
    monkeypatch.setattr(shutil, "which", lambda name: name if name in programs else None)
    monkeypatch.delenv("CI", raising=False)
    return programs


def test_strace_present_is_enough(found: set[str], capsys: pytest.CaptureFixture[str]) -> None:
    found.add("strace")
    script.provide_strace()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("ci", [True, False])
def test_root_installs_it_in_ci_only(
    found: set[str], monkeypatch: pytest.MonkeyPatch, *, ci: bool
) -> None:
    found.add("apt-get")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(script, "install_strace", lambda: found.add("strace"))
    if ci:
        monkeypatch.setenv("CI", "true")
    script.provide_strace()
    assert ("strace" in found) is ci


def test_others_are_told_that_tests_skip(
    found: set[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found.add("apt-get")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    script.provide_strace()
    assert "Those tests skip" in capsys.readouterr().err


@pytest.mark.usefixtures("found")
def test_ci_accepts_no_skip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(SystemExit, match="install strace"):
        script.provide_strace()
