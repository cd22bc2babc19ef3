"""The table of every error a person can meet: exit code, and what, why and next in words.

Each case provokes its error with a real profile, a real relay and nothing patched.
"""

import hashlib
import json
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from client.profile.key_file import KEY_FILE, read_key_file
from client.profile.paths import profile_folder
from client.store.connection import open_database_file
from client.store.schema import SCHEMA_VERSION
from protocol.ids import Name
from tests.client.cli.harness import (
    Person,
    Ran,
    RelayProcess,
    environment_of,
    free_port,
    run,
    running_relay,
    untyped,
)
from tests.client.test_text import commands_in

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class World:
    """A relay, Alice and Bob registered there; each test gets copies of their homes."""

    relay: RelayProcess
    alice: Person
    bob: Person


@pytest.fixture(scope="module")
def first_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    environment = environment_of(folder / "xdg")
    with running_relay(folder / "relay") as relay:
        alice, bob = (Person(name, folder / name[0], environment) for name in ("alice", "bob"))
        for person in (alice, bob):
            person.register(relay.address)
        assert alice.run("send", "bob", "hello").code == 0
        assert bob.listen(1) == ["hello"]
        yield World(relay, alice, bob)


@pytest.fixture
def world(first_world: World, tmp_path: Path) -> World:
    def copy(person: Person) -> Person:
        home = tmp_path / person.home.name
        shutil.copytree(person.home, home)
        return replace(person, home=home)

    return World(first_world.relay, copy(first_world.alice), copy(first_world.bob))


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


# --- usage ------------------------------------------------------------------


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


# --- profiles ---------------------------------------------------------------


def test_no_profile(world: World, tmp_path: Path) -> None:
    nobody = replace(world.alice, home=tmp_path / "nowhere")
    check(nobody, ["status"], Expected(1, "no profile named alice", "glasspost register alice"))


def test_no_profile_and_no_name(world: World, tmp_path: Path) -> None:
    command = nameless(world.alice, tmp_path / "nowhere", "status")
    done = run(command, world.alice.environment)
    assert_told(done, Expected(1, "There is no profile yet", "glasspost register NAME"))


def test_several_profiles_and_no_name(world: World) -> None:
    shutil.copytree(world.bob.home / "bob", world.alice.home / "bob")
    command = nameless(world.alice, world.alice.home, "status")
    done = run(command, world.alice.environment)
    assert_told(done, Expected(1, "There are several profiles: alice and bob", "--as alice"))


def test_one_profile_needs_no_name(world: World) -> None:
    command = nameless(world.alice, world.alice.home, "--json", "status")
    done = run(command, world.alice.environment)
    assert (done.code, done.records[0]["name"]) == (0, "alice")


def nameless(person: Person, home: Path, *arguments: str) -> list[str]:
    """Give a command line without ``--as``."""
    command = replace(person, home=home).command(*arguments)
    at = command.index("--as")
    return command[:at] + command[at + 2 :]


def test_a_home_that_is_a_file(world: World, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    lost = replace(world.alice, home=tmp_path / "file")
    check(lost, ["status"], Expected(1, "is a file", "--home"))


def test_a_folder_that_is_no_profile(world: World) -> None:
    shutil.rmtree(world.alice.home / "alice")
    (world.alice.home / "alice").mkdir()
    (world.alice.home / "alice" / "letter.txt").write_text("dear")
    check(world.alice, ["status"], Expected(1, "not a Glasspost profile", "--home"))


@pytest.mark.parametrize("name", ["profile.key", "profile.db"])
def test_a_lost_file(world: World, name: str) -> None:
    (world.alice.home / "alice" / name).unlink()
    check(world.alice, ["status"], Expected(1, f"{name} is missing", "copy"))


def test_a_damaged_key_file(world: World) -> None:
    spoil(world.alice.home / "alice" / "profile.key", 40)
    check(world.alice, ["status"], Expected(1, "profile.key is damaged", "copy"))


def test_a_damaged_database(world: World) -> None:
    spoil(world.alice.home / "alice" / "profile.db", 50)
    check(world.alice, ["contacts"], Expected(1, "damaged", "copy"))


def test_a_foreign_database(world: World) -> None:
    path = world.alice.home / "alice" / "profile.db"
    for file in path.parent.glob("profile.db*"):
        file.unlink()
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE recipes (name TEXT)")
    database.close()
    check(world.alice, ["contacts"], Expected(1, "database", ""))


def test_another_profiles_database(world: World) -> None:
    for file in (world.alice.home / "alice").glob("profile.db*"):
        file.unlink()
    shutil.copy(world.bob.home / "bob" / "profile.db", world.alice.home / "alice" / "profile.db")
    check(world.alice, ["contacts"], Expected(1, "damaged, or belongs to another", "copy"))


def test_an_empty_database(world: World) -> None:
    for file in (world.alice.home / "alice").glob("profile.db*"):
        file.unlink()
    (world.alice.home / "alice" / "profile.db").touch()
    check(world.alice, ["contacts"], Expected(1, ""))


def test_a_newer_database(world: World) -> None:
    folder = profile_folder(world.alice.home, Name("alice"))
    connection = open_database_file(folder.database, read_key_file(folder.key_file, None))
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    check(world.alice, ["contacts"], Expected(1, "newer version", "pdate"))


def test_a_newer_key_file(world: World) -> None:
    path = world.alice.home / "alice" / "profile.key"
    content = bytearray(path.read_bytes()[:-32])
    content[len(KEY_FILE.magic)] += 1
    path.write_bytes(content + hashlib.sha256(content).digest())
    check(world.alice, ["contacts"], Expected(1, "newer version", "Update"))


def test_a_key_file_that_others_can_read(world: World) -> None:
    (world.alice.home / "alice" / "profile.key").chmod(0o644)
    check(world.alice, ["contacts"], Expected(1, "Other users", "chmod 600"))


def spoil(path: Path, at: int) -> None:
    """Change one byte of a file."""
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


# --- passphrases ------------------------------------------------------------


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


# --- the relay --------------------------------------------------------------


def test_nobody_of_that_name(world: World) -> None:
    check(world.alice, ["send", "carol", "hi"], Expected(3, "no account named carol"))


def test_a_name_that_is_taken(world: World, tmp_path: Path) -> None:
    second = replace(world.alice, home=tmp_path / "second")
    arguments = ["--relay", world.relay.address, "register", "alice", "--no-passphrase"]
    check(second, arguments, Expected(3, ""))
    assert not (second.home / "alice").exists()


def test_no_relay_to_register_at(world: World, tmp_path: Path) -> None:
    newcomer = replace(world.alice, name="carol", home=tmp_path / "c")
    arguments = ["--relay", f"127.0.0.1:{free_port()}", "register", "carol", "--no-passphrase"]
    check(newcomer, arguments, Expected(2, "cannot be reached"))


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1:99999", "http://127.0.0.1", "127.0.0.1:7667#beef", "", "a b", ":1", "\x1b"],
)
def test_an_address_that_is_none(world: World, tmp_path: Path, address: str) -> None:
    newcomer = replace(world.alice, name="carol", home=tmp_path / "c")
    arguments = ["--relay", address, "register", "carol", "--no-passphrase"]
    check(newcomer, arguments, Expected(1, "not a relay address", "host:port"))


def test_a_relay_elsewhere_without_a_fingerprint(world: World, tmp_path: Path) -> None:
    newcomer = replace(world.alice, name="carol", home=tmp_path / "c")
    arguments = ["--relay", "192.0.2.1:7667", "register", "carol", "--no-passphrase"]
    check(newcomer, arguments, Expected(2, "is not known", "fingerprint"))


def test_a_relay_with_another_key(world: World, tmp_path: Path) -> None:
    expected = Expected(4, "another key", "--relay glasspost://")
    with moved_relay(tmp_path / "other", world.relay):
        check(world.alice, ["send", "bob", "hi"], expected)
        check(world.alice, ["listen", "--timeout", "9"], expected)


def test_a_relay_that_does_not_know_us(world: World, tmp_path: Path) -> None:
    """The user has pinned another relay's key, where nobody of this name is registered."""
    with moved_relay(tmp_path / "other", world.relay) as other:
        arguments = ["--relay", other.address, "send", "bob", "hi"]
        check(world.alice, arguments, Expected(3, ""))
        # Registering there with the same keys puts it right.
        again = world.alice.run("--relay", other.address, "register", "alice")
        assert again.code == 0, again.err
        assert world.alice.run("listen", "--timeout", "0.1").code == 0


def test_a_new_key_of_the_relay_is_pinned_by_naming_it(world: World) -> None:
    old = (world.relay.data / "relay.key").read_bytes()
    world.relay.stop()
    (world.relay.data / "relay.key").unlink()
    world.relay.start()
    try:
        done = world.alice.run("send", "bob", "hi")
        assert_told(done, Expected(4, "another key", world.relay.address))
        confirmed = world.alice.run("--relay", world.relay.address, "send", "bob", "again")
        assert confirmed.code == 0, confirmed.err
        assert world.alice.run("send", "bob", "without naming it").code == 0
    finally:
        world.relay.stop()
        (world.relay.data / "relay.key").write_bytes(old)
        world.relay.start()


@contextmanager
def moved_relay(data: Path, first: RelayProcess) -> Iterator[RelayProcess]:
    """Let another relay answer in the place of the first."""
    first.stop()
    other = RelayProcess(data, first.port)
    other.start()
    try:
        yield other
    finally:
        other.stop(signal.SIGKILL)
        first.start()


def test_a_relay_that_is_down(world: World) -> None:
    world.relay.stop()
    try:
        check(world.alice, ["send", "bob", "hi"], Expected(2, "cannot be reached", "queued"))
    finally:
        world.relay.start()


# --- the disk ---------------------------------------------------------------


def test_a_full_disk(world: World) -> None:
    """A file-size limit makes every growing write fail, as a full disk does."""
    # Enough for the shared memory beside the log (32 kB), not for a message of 60 kB.
    size = 40_000
    done = subprocess.run(
        world.alice.command("send", "bob", "x" * 60_000),
        env=world.alice.environment,
        preexec_fn=limiting_files_to(size),
        capture_output=True,
        text=True,
        check=False,
    )
    assert_told(Ran(done.returncode, done.stdout, done.stderr), Expected(1, ""))
    # Nothing is half-done: the profile works, and the message is not there.
    assert world.alice.run("send", "bob", "short").code == 0
    texts = [row["text"] for row in world.alice.run("--json", "history", "bob").records]
    assert "x" * 60_000 not in texts


def limiting_files_to(size: int) -> Callable[[], None]:
    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


def test_standard_output_on_a_full_disk(world: World) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            world.alice.command("contacts"),
            env=world.alice.environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert_told(Ran(done.returncode, "", done.stderr), Expected(1, "The system refused", "disk"))
