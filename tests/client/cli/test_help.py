"""The help pages: complete, with examples, within the terminal."""

import pytest

from client.cli.root import main
from client.cli.verb_table import GROUPS, VERBS


def page(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main([*arguments, "--help"]) == 0
    return capsys.readouterr().out


def test_the_first_page_names_every_verb_and_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    text = page(capsys)
    for verb, line in VERBS.items():
        assert f"  {verb} " in text
        assert line in text
    for title in GROUPS:
        assert f"\n{title}:\n" in text
    for code in range(6):
        assert f" {code} " in text
    assert "Examples:" in text


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_a_page_with_an_example(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = page(capsys, verb)
    assert "Examples:" in text
    assert f"glasspost {verb}" in text or f" {verb} " in text.split("Examples:")[1]
    # The global options work here too, and do not crowd the page.
    assert "--home" not in text


@pytest.mark.parametrize("verb", ["", *VERBS])
def test_pages_fit_a_terminal(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = page(capsys, *([verb] if verb else []))
    assert max(map(len, text.splitlines())) <= 80


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("glasspost ")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    assert "_GLASSPOST_COMPLETE" in capsys.readouterr().out


def test_a_shell_gets_verbs_and_options(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_GLASSPOST_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "glasspost s")
    monkeypatch.setenv("COMP_CWORD", "1")
    assert main([]) == 0
    offered = [line.partition(",")[2] for line in capsys.readouterr().out.split()]
    assert offered == ["send", "search", "status"]
