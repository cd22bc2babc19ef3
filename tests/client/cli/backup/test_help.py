"""The help pages of the commands about backups."""

import pytest

from client.cli.root import main
from client.cli.verbs.backup import COMMANDS


def page(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main([*arguments, "--help"]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_page_with_an_example_within_the_terminal(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = page(capsys, "backup", command)
    assert f"backup {command}" in text.split("Examples:")[1]
    assert max(map(len, text.splitlines())) <= 80
    assert "--home" not in text


def test_the_group_names_them_all(capsys: pytest.CaptureFixture[str]) -> None:
    text = page(capsys, "backup")
    for command, line in COMMANDS.items():
        assert f"  {command} " in text
        assert line in text


def test_a_near_miss_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backup", "crate"]) == 1
    assert "Did you mean create?" in capsys.readouterr().err


def test_a_shell_gets_commands(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_GLASSPOST_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "glasspost backup s")
    monkeypatch.setenv("COMP_CWORD", "2")
    assert main([]) == 0
    offered = [line.partition(",")[2] for line in capsys.readouterr().out.split()]
    assert offered == ["setup", "status", "slot"]
