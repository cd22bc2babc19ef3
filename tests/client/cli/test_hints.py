"""Commands in our own words can be typed where the words are read."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from client.cli import hints
from client.cli.hints import in_chat, typeable
from client.cli.verb_table import VERBS
from protocol.ids import Name


@pytest.fixture(autouse=True)
def _asked_anew() -> Iterator[None]:
    hints.program.cache_clear()
    yield
    hints.program.cache_clear()


@pytest.fixture
def uninstalled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program was started by its path, and is not on the PATH."""
    program = tmp_path / ".venv" / "bin" / "glasspost"
    program.parent.mkdir(parents=True)
    program.touch()
    monkeypatch.setattr(sys, "argv", [str(program)])
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("uninstalled")
@pytest.mark.parametrize("verb", [*VERBS, "--help"])
def test_off_the_path_commands_begin_with_the_path(verb: str) -> None:
    assert typeable(f"See glasspost {verb}.") == f"See .venv/bin/glasspost {verb}."


@pytest.mark.usefixtures("uninstalled")
def test_words_that_are_no_command_stay() -> None:
    for words in ("This is a bug in glasspost.", "any later glasspost of this profile"):
        assert typeable(words) == words


def test_otherwise_the_name_is_enough() -> None:
    assert typeable("glasspost verify bob") == "glasspost verify bob"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Compare: glasspost verify bob", "Compare: /verify"),
        ("Keep it: glasspost trust bob --keep.", "Keep it: /trust keep."),
        ("Decide: glasspost trust carol.", "Decide: /to carol, then /trust."),
        ("See glasspost contacts; answer", "See /contacts; answer"),
        ("it has changed: glasspost trust", "it has changed: /trust"),
        ("glasspost relay stop", "glasspost relay stop"),
        ("Run: glasspost unblock bob", "Run: /unblock bob"),
        ("Run: glasspost unblock carol.", "Run: /unblock carol."),
        ("not you: glasspost veto", "not you: /veto"),
        ("See glasspost --help.", "See /help."),
        ("glasspost status would show it.", "/status would show it."),
        ("glasspost verify bob NUMBER, or", "/verify NUMBER, or"),
    ],
)
def test_in_the_chat_they_are_its_own(words: str, expected: str) -> None:
    assert in_chat(words, Name("bob")) == expected
