"""A world in which errors are provoked, and what a person has to be told."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

from tests.client.cli.harness import (
    Person,
    Ran,
    RelayProcess,
    untyped,
)
from tests.client.test_text import commands_in


@dataclass(frozen=True)
class World:
    """A relay, Alice and Bob registered there; each test gets copies of their homes."""

    relay: RelayProcess
    alice: Person
    bob: Person


@dataclass(frozen=True)
class Expected:
    """What a person has to be told."""

    code: int
    what: str
    next: str = ""


def check(person: Person, arguments: list[str], expected: Expected, stdin: str = "") -> None:
    """Run a command twice, for people and for programs, and look at its error."""
    assert_told(person.run(*arguments, stdin=stdin), expected)
    assert_recorded(person.run("--json", *arguments, stdin=stdin), expected)


def advises(hint: str, words: str) -> bool:
    """Tell whether words stand in a hint, with or without the options that were typed."""
    return words in hint or words in untyped(hint)


def assert_told(done: Ran, expected: Expected) -> None:
    assert done.code == expected.code, done
    assert "Traceback" not in done.err
    assert "bug" not in done.err
    assert "glasspost: " in done.err
    assert "\n  next " in done.err
    assert expected.what in done.err
    assert advises(done.err.partition("\n  next ")[2], expected.next)
    for line in done.err.split("\n"):
        assert commands_in(line) == []


def assert_recorded(done: Ran, expected: Expected) -> None:
    assert done.code == expected.code, done
    (line,) = done.err.splitlines()
    record = json.loads(line)
    assert record["exit_code"] == expected.code
    assert expected.what in record["what"]
    assert advises(record["next"], expected.next)
    assert record["next"]


def nameless(person: Person, home: Path, *arguments: str) -> list[str]:
    """Give a command line without ``--as``."""
    command = replace(person, home=home).command(*arguments)
    at = command.index("--as")
    return command[:at] + command[at + 2 :]
