"""What a typed line means."""

import pytest

from client.cli.chat.commands import COMMANDS, Command, NotACommand, Say, help_rows, parse_line


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        ("hello", Say("hello")),
        ("  indented", Say("  indented")),
        ("two\nlines", Say("two\nlines")),
        ("//etc/hosts is a file", Say("/etc/hosts is a file")),
        ("/to  bob ", Command("to", "bob")),
        ("/verify 12345 67890", Command("verify", "12345 67890")),
        ("/quit", Command("quit", "")),
        ("", None),
        ("   ", None),
    ],
)
def test_meaning(line: str, meaning: object) -> None:
    assert parse_line(line) == meaning


@pytest.mark.parametrize(
    ("line", "near"),
    [("/hepl", "/help"), ("/QUIT", "/quit"), ("/contcats", "/contacts")],
)
def test_an_unknown_command_suggests_a_near_one(line: str, near: str) -> None:
    meaning = parse_line(line)
    assert isinstance(meaning, NotACommand)
    assert f"Did you mean {near}" in meaning.advice


def test_advice_shows_no_command_of_a_terminal() -> None:
    meaning = parse_line("/\x1b[2J" + "x" * 500)
    assert isinstance(meaning, NotACommand)
    assert "\x1b" not in meaning.advice
    assert len(meaning.advice) < 120


def test_help_lists_every_command() -> None:
    listed = " ".join(name for name, _ in help_rows())
    assert all(f"/{name}" in listed for name in COMMANDS)
