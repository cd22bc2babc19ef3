"""Commands that are typed wrongly."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.client.cli.errors.rig import (
    Expected,
    World,
    assert_recorded,
    assert_told,
    check,
    nameless,
)
from tests.client.cli.harness import (
    Ran,
    run,
)

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["sned"], Expected(1, "No such command", "Did you mean send?")),
        (["send", "bob"], Expected(1, "Missing argument", "glasspost send --help")),
        (["send", "bob", "two", "words"], Expected(1, "unexpected extra argument", "quotes")),
        (["listen", "--count", "0"], Expected(1, "--count", "glasspost listen --help")),
        (["listen", "--count", "x"], Expected(1, "not a whole number", "glasspost listen --help")),
        (["listen", "--timeout", "-1"], Expected(1, "--timeout", "glasspost listen --help")),
        (["history", "bob", "--limit", "0"], Expected(1, "--limit", "glasspost history --help")),
        (["send", "bob", ""], Expected(1, "empty", "Write something")),
        (["send", "bob", " \n "], Expected(1, "empty", "Write something")),
        (["send", "bob", "x" * 65_537], Expected(1, "65,537 bytes", "parts")),
        (["send", "alice", "hi"], Expected(1, "yourself", "somebody else")),
        (["send", "Bob", "hi"], Expected(1, "“Bob” is not a name", "Did you mean bob?")),
        (["send", "b\x1b[2Jb", "hi"], Expected(1, "“b␛[2Jb” is not a name")),
        (["send", "b\u202eb", "hi"], Expected(1, "“b[U+202E]b” is not a name")),
        (["send", "x" * 33, "hi"], Expected(1, "is not a name")),
        (["history", "carol"], Expected(1, "no conversation with carol", "glasspost send carol")),
        (["verify", "carol"], Expected(1, "no conversation with carol")),
        (["search", " "], Expected(1, "nothing to search for", "Name a word")),
        (["verify", "bob", "12345"], Expected(1, "60 digits")),
        (["verify", "bob", "12345 " * 12], Expected(4, "not the digits", "Compare once more")),
        (["block", "carol"], Expected(1, "no contact named carol", "glasspost contacts")),
        (["block", "alice"], Expected(1, "That is you", "somebody else")),
        (["unblock", "carol"], Expected(1, "no contact named carol", "glasspost contacts")),
        (["padding", "huge"], Expected(1, "huge", "glasspost padding --help")),
        (["xray", "nonsense"], Expected(1, "not the id of a message", "--ids")),
        (["xray", "f" * 32], Expected(1, "No kept message", "history PEER")),
    ],
    ids=lambda value: None if isinstance(value, Expected) else " ".join(value)[:30],
)
def test_wrong_use(world: World, arguments: list[str], expected: Expected) -> None:
    """For people by a process, for programs in this one: there are many of them."""
    assert_told(world.alice.run(*arguments), expected)
    assert_recorded(world.alice.run_here("--json", *arguments), expected)


def test_text_that_is_no_text(world: World) -> None:
    done = subprocess.run(
        world.alice.command("send", "bob", "-"),
        input=b"\xff\xfe",
        env=world.alice.environment,
        capture_output=True,
        check=False,
    )
    ran = Ran(done.returncode, done.stdout.decode(), done.stderr.decode())
    assert_told(ran, Expected(1, "not UTF-8", "iconv"))


def test_an_argument_that_is_no_text(world: World) -> None:
    done = subprocess.run(
        [*map(os.fsencode, world.alice.command("send", "bob")), b"\xff\xfe"],
        env=world.alice.environment,
        capture_output=True,
        check=False,
    )
    ran = Ran(done.returncode, done.stdout.decode(), done.stderr.decode())
    assert ran.code == 1
    assert "Traceback" not in ran.err
    assert "bug" not in ran.err


def test_text_and_passphrase_from_one_input(world: World) -> None:
    arguments = ["--passphrase-file", "-", "send", "bob", "-"]
    check(world.alice, arguments, Expected(1, "both the text and the passphrase", "descriptor"))


def test_two_names_to_register(world: World) -> None:
    check(world.alice, ["register", "carol"], Expected(1, "differ", "--as"))


def test_chat_is_for_people(world: World) -> None:
    assert_recorded(world.alice.run("--json", "chat"), Expected(1, "for people", "listen"))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["chat", "alice"], Expected(1, "That is you", "somebody else")),
        (["chat", "\x1b[31m"], Expected(1, "is not a name")),
    ],
)
def test_nobody_to_chat_with(world: World, arguments: list[str], expected: Expected) -> None:
    assert_told(world.alice.run(*arguments), expected)


def test_nobody_to_ask_for_a_name(world: World, tmp_path: Path) -> None:
    command = nameless(world.alice, tmp_path / "nowhere", "chat")
    done = run(command, world.alice.environment)
    assert_told(done, Expected(1, "nobody to ask for a name", "--as NAME"))


def test_a_refused_key_of_a_contact(world: World) -> None:
    assert world.alice.run("send", "carol", "hi").code == 3
    check(world.alice, ["verify", "carol"], Expected(1, "No key of carol", "message first"))
