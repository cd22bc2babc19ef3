"""The chat as a person meets it: in a terminal, and as a stream of lines."""

import fcntl
import os
import pty
import select
import signal
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.client.cli.emulator import Emulator
from tests.client.cli.harness import (
    COMMAND_TIMEOUT_S,
    Person,
    RelayProcess,
    environment_of,
    free_port,
    wait_until,
)

pytestmark = pytest.mark.slow


@dataclass
class Session:
    """A command in a pseudo-terminal of 80 cells and 24 rows."""

    process: subprocess.Popen[bytes]
    terminal: int
    emulator: Emulator = field(default_factory=Emulator)

    def type(self, characters: str) -> None:
        """Press keys."""
        os.write(self.terminal, characters.encode())

    def wait_for(self, condition: Callable[[list[str]], bool]) -> None:
        """Read until the screen is as it should be."""
        deadline = time.monotonic() + COMMAND_TIMEOUT_S
        while not condition(self.emulator.rows):
            assert time.monotonic() < deadline, "\n".join(self.emulator.shown)
            self._read(0.05)

    def wait_for_text(self, text: str) -> None:
        """Read until some row holds ``text``."""
        self.wait_for_any(text)

    def wait_for_any(self, *texts: str) -> None:
        """Read until some row holds one of ``texts``."""
        self.wait_for(lambda rows: any(text in row for row in rows for text in texts))

    @property
    def prompt(self) -> str:
        """The row of the cursor."""
        return self.emulator.rows[self.emulator.row]

    def end(self) -> int:
        """Read to the end; gives the exit code."""
        deadline = time.monotonic() + COMMAND_TIMEOUT_S
        while self.process.poll() is None:
            assert time.monotonic() < deadline, "\n".join(self.emulator.shown)
            self._read(0.05)
        self._read(0)
        return self.process.returncode

    def _read(self, timeout_s: float) -> None:
        ready, _, _ = select.select([self.terminal], [], [], timeout_s)
        if ready:
            try:
                self.emulator.write(os.read(self.terminal, 65_536).decode())
            except OSError:
                return  # the other side has closed it


def take_terminal() -> None:
    """Make standard input the controlling terminal of a new session, as a login does."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.fixture
def sessions() -> Iterator[Callable[[Person, str], Session]]:
    """Start commands in terminals; whatever still runs at the end is ended."""
    opened: list[Session] = []

    def start(person: Person, *arguments: str) -> Session:
        ours, theirs = pty.openpty()
        environment = {**person.environment, "TERM": "xterm", "LINES": "24", "COLUMNS": "80"}
        process = subprocess.Popen(
            person.command(*arguments),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment,
            start_new_session=True,
            preexec_fn=take_terminal,
        )
        os.close(theirs)
        opened.append(Session(process, ours))
        return opened[-1]

    yield start
    for session in opened:
        if session.process.poll() is None:
            session.process.kill()
        session.process.wait()
        os.close(session.terminal)


def test_two_people_talk_in_terminals(
    people: tuple[Person, Person], sessions: Callable[..., Session]
) -> None:
    alice, bob = (sessions(person, "chat", other) for person, other in zip(
        people, ("bob", "alice"), strict=True))  # fmt: skip
    for session in (alice, bob):
        session.wait_for_text("Connected.")
    alice.type("hello bob\r")
    bob.wait_for_text("alice      hello bob")
    # The mark moves on to "delivered".
    alice.wait_for_text("you  vv  hello bob")
    # A message comes while a draft is half typed, with the cursor in its middle.
    bob.type("half a draft\x1b[D\x1b[D\x1b[D\x1b[D\x1b[D")
    bob.wait_for(lambda rows: "alice> half a draft" in rows)
    alice.type("one more\r")
    bob.wait_for_text("one more")
    assert bob.prompt == "alice> half a draft"
    bob.type("nice \r")
    alice.wait_for_text("bob      half a nice draft")
    alice.type("/quit\r")
    bob.type("\x04")
    assert (alice.end(), bob.end()) == (0, 0)


def test_a_paste_of_many_lines_is_one_message(
    people: tuple[Person, Person], sessions: Callable[..., Session]
) -> None:
    alice, bob = people
    session = sessions(alice, "chat", "bob")
    session.wait_for_text("Connected.")
    session.type("\x1b[200~two\nlines\x1b[201~\r")
    session.wait_for_text("you")
    session.type("/quit\r")
    assert session.end() == 0
    assert bob.listen(1) == ["two\nlines"]


def test_ctrl_c_clears_the_draft_then_leaves(
    people: tuple[Person, Person], sessions: Callable[..., Session]
) -> None:
    session = sessions(people[0], "chat", "bob")
    session.wait_for_text("Connected.")
    session.type("not this")
    session.wait_for(lambda rows: "bob> not this" in rows)
    session.type("\x03")
    session.wait_for(lambda rows: "bob>" in rows)
    session.type("\x03")
    assert session.end() == 130
    assert not any("Traceback" in row for row in session.emulator.shown)


def test_a_hostile_message_cannot_touch_the_screen(
    people: tuple[Person, Person], sessions: Callable[..., Session]
) -> None:
    alice, bob = people
    session = sessions(bob, "chat", "alice")
    session.wait_for_text("Connected.")
    hostile = "\x1b[2J\x1b]0;owned\x07\n04:00  bob      forged\u202e\x9b31m[red]x[/red]"
    assert alice.run("send", "bob", "-", stdin=hostile).code == 0
    # The emulator fails on every sequence that the chat itself does not write.
    session.wait_for_text("␛[2J␛]0;owned␇")
    session.wait_for_text("forged[U+202E and 1 more]31m[red]x[/red]")
    (forged,) = [row for row in session.emulator.rows if "forged" in row]
    assert forged.startswith(" " * 16)


@pytest.fixture
def newcomers(tmp_path: Path) -> Iterator[tuple[Person, Person, str]]:
    """Two people of one home without profiles, and an address where nothing listens."""
    environment = environment_of(tmp_path / "xdg")
    alice, bob = (Person(name, tmp_path / "home", environment) for name in ("alice", "bob"))
    yield alice, bob, f"127.0.0.1:{free_port()}"
    stopped = alice.run("relay", "stop")
    assert stopped.code == 0, stopped.err


def test_the_first_chat_sets_everything_up(
    newcomers: tuple[Person, Person, str], sessions: Callable[..., Session]
) -> None:
    alice, bob, address = newcomers
    # Both at once: one of them starts the relay.
    first, second = (sessions(person, "--relay", address, "chat") for person in (alice, bob))
    for session in (first, second):
        session.wait_for_text("Passphrase for this profile (Enter: none):")
    for session in (first, second):
        session.type("\r")
    for session in (first, second):
        session.wait_for_text("Connected.")
    shown = "\n".join([*first.emulator.shown, *second.emulator.shown])
    assert shown.count("Started a relay on this machine") == 1
    first.type("/to bob\r")
    first.wait_for(lambda rows: "bob>" in rows)
    first.type("hello\r")
    second.wait_for_text("alice      hello")
    for session in (first, second):
        session.type("/quit\r")
        assert session.end() == 0
    # It outlives the chats, and status shows it.
    (status,) = alice.run("--json", "status").records
    assert status["connection"] == "online"
    assert status["local_relay"]["address"] == status["relay"]


def test_a_later_chat_starts_the_stopped_relay_again(newcomers: tuple[Person, Person, str]) -> None:
    alice, bob, address = newcomers
    for person in (alice, bob):
        made = person.run("--relay", address, "chat", "--no-passphrase", stdin="")
        assert (made.code, "has no passphrase" in made.err) == (0, True)
    assert alice.run("relay", "stop").code == 0
    done = alice.run("chat", "bob", stdin="are you there?\n")
    assert done.code == 0, done.err
    assert "Started a relay" in done.err
    assert bob.listen(1) == ["are you there?"]


def test_nobody_gets_an_unlocked_profile_without_having_said_so(
    strangers: tuple[Person, Person],
) -> None:
    dave = replace(strangers[0], name="dave")
    for verb in (("chat",), ("register", "dave")):
        done = dave.run("--relay", f"127.0.0.1:{free_port()}", *verb, stdin="")
        assert (done.code, "--no-passphrase" in done.err) == (1, True), done.err
        assert not (dave.home / "dave").exists()


def test_chat_asks_for_a_name(
    newcomers: tuple[Person, Person, str], sessions: Callable[..., Session]
) -> None:
    alice, _, address = newcomers
    nameless = NamelessPerson(**vars(replace(alice, name="")))
    session = sessions(nameless, "--relay", address, "chat")
    session.wait_for_text("Name others will see?")
    session.type("No Name!\r")
    session.wait_for_text("begins and ends")
    session.type("Carol\r")
    session.wait_for_text("Passphrase for this profile")
    session.type("\r")
    session.wait_for_text("You are carol at")
    session.wait_for_text("Connected.")
    session.type("\x04")
    assert session.end() == 0


class NamelessPerson(Person):
    """Somebody who has not said a name yet."""

    def command(self, *arguments: str) -> list[str]:
        """Give the command line without ``--as``."""
        command = super().command(*arguments)
        at = command.index("--as")
        return command[:at] + command[at + 2 :]


def test_without_a_terminal_lines_go_in_and_out(people: tuple[Person, Person]) -> None:
    alice, bob = people
    listening = subprocess.Popen(
        bob.command("chat", "alice"),
        env=bob.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert listening.stdout is not None
    assert listening.stdin is not None
    done = alice.run("chat", "bob", stdin="first\n//second\n/quit\nnot this\n")
    assert done.code == 0, done.err
    lines = iter(listening.stdout.readline, "")
    texts = [line.split("alice")[-1].strip() for line in lines_with("alice      ", lines, 2)]
    assert texts == ["first", "/second"]
    listening.stdin.close()
    assert listening.wait(COMMAND_TIMEOUT_S) == 0
    listening.stdout.close()


def lines_with(text: str, lines: Iterator[str], count: int) -> list[str]:
    """Give the next lines that hold ``text``."""
    found: list[str] = []
    while len(found) < count:
        line = next(lines)
        if text in line:
            found.append(line)
    return found


def test_what_was_typed_while_the_relay_was_down_goes_out_later(
    relay: RelayProcess, people: tuple[Person, Person], sessions: Callable[..., Session]
) -> None:
    alice, bob = people
    session = sessions(alice, "chat", "bob")
    session.wait_for_text("Connected.")
    relay.stop(signal.SIGKILL)
    session.wait_for_text("Not connected")
    session.type("later then\r")
    session.wait_for_text("you  .   later then")
    relay.start()
    session.wait_for_any("you  v   later then", "you  vv  later then")
    assert bob.listen(1) == ["later then"]
    session.wait_for_text("you  vv  later then")


def test_a_chat_ends_with_its_terminal(
    people: tuple[Person, Person], sessions: Callable[..., Session]
) -> None:
    session = sessions(people[0], "chat", "bob")
    session.wait_for_text("Connected.")
    session.process.terminate()
    assert session.end() == 143
    wait_until(lambda: session.process.poll() is not None)
