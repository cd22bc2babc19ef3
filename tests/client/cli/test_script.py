"""The commands as a script uses them, with a real relay between real processes."""

import json
import signal
import subprocess
from pathlib import Path

import pytest

from tests.client.cli.harness import Person, RelayProcess, wait_until

pytestmark = pytest.mark.slow

TEXT = "the tide is high tonight"


def relay_bytes(relay: RelayProcess) -> bytes:
    """Everything the relay has on its disk."""
    files = [file for file in relay.data.rglob("*") if file.is_file()]
    assert len(files) > 1
    return b"".join(file.read_bytes() for file in files)


def test_a_message_arrives_and_the_relay_cannot_read_it(
    relay: RelayProcess, people: tuple[Person, Person]
) -> None:
    alice, bob = people
    sent = alice.run("--json", "send", "bob", TEXT)
    assert sent.code == 0, sent.err
    (receipt,) = sent.records
    assert (receipt["state"], receipt["to"]) == ("at_relay", "bob")
    # Still undelivered: the relay holds all it will ever have of it.
    held = relay_bytes(relay)
    assert b"bob" in held
    for form in (TEXT.encode(), TEXT.encode().hex().encode(), b"tide"):
        assert form not in held
    heard = bob.run("--json", "listen", "--count", "1", "--timeout", "10")
    assert heard.code == 0, heard.err
    (message,) = heard.records
    assert (message["from"], message["text"], message["id"]) == ("alice", TEXT, receipt["id"])
    assert message["time_ms"] == receipt["time_ms"]
    assert TEXT.encode() not in relay_bytes(relay)


def test_an_answer_finds_its_way_and_receipts_too(people: tuple[Person, Person]) -> None:
    alice, bob = people
    assert alice.run("send", "bob", "ping").code == 0
    assert bob.listen(1) == ["ping"]
    assert bob.run("send", "alice", "-", stdin="pong\n").code == 0
    assert alice.listen(1) == ["pong"]
    rows = alice.run("--json", "history", "bob").records
    texts = [row for row in rows if row["kind"] == "text"]
    assert [(row["text"], row["outgoing"], row["state"]) for row in texts] == [
        ("ping", True, "delivered"),
        ("pong", False, "received"),
    ]


def test_listen_prints_each_message_once(people: tuple[Person, Person]) -> None:
    alice, bob = people
    for number in range(5):
        assert alice.run("send", "bob", f"text {number}").code == 0
    assert bob.listen(2) == ["text 0", "text 1"]
    assert bob.listen(3) == ["text 2", "text 3", "text 4"]
    nothing = bob.run("--json", "listen", "--timeout", "0.5")
    assert (nothing.code, nothing.out) == (0, "")


def test_p3_a_killed_relay_loses_nothing(
    relay: RelayProcess, people: tuple[Person, Person]
) -> None:
    alice, bob = people
    assert alice.run("send", "bob", "before").code == 0
    relay.stop(signal.SIGKILL)
    down = alice.run("--json", "send", "bob", "meanwhile")
    assert down.code == 2
    assert down.records[0]["state"] == "queued"
    assert '"what"' in down.err
    relay.start()
    assert alice.run("send", "bob", "after").code == 0
    assert bob.listen(3) == ["before", "meanwhile", "after"]


def test_a_first_message_written_while_the_relay_is_down_is_sent_later(
    relay: RelayProcess, people: tuple[Person, Person]
) -> None:
    alice, bob = people
    relay.stop(signal.SIGKILL)
    down = alice.run("send", "bob", "are you there?")
    assert down.code == 2
    assert down.out.startswith("queued: ")
    assert "queued" in down.err
    relay.start()
    # Any command of the profile that goes online takes the queue along.
    assert alice.run("listen", "--timeout", "3").code == 0
    assert bob.listen(1) == ["are you there?"]


def test_p2_a_queue_of_many_goes_out_in_order(
    relay: RelayProcess, people: tuple[Person, Person]
) -> None:
    alice, bob = people
    assert alice.run("send", "bob", "0").code == 0
    # Bob reads along, so that he sees the order of arrival, not a sorted whole.
    command = bob.command("--json", "listen", "--count", "8", "--timeout", "50")
    with subprocess.Popen(
        command, env=bob.environment, stdout=subprocess.PIPE, text=True
    ) as listening:
        assert listening.stdout is not None
        assert '"0"' in listening.stdout.readline()
        relay.stop(signal.SIGKILL)
        for number in range(1, 7):
            assert alice.run("send", "bob", str(number)).code == 2
        relay.start()
        assert alice.run("send", "bob", "7").code == 0
        texts = [json.loads(line)["text"] for line in listening.stdout]
    assert texts == list("1234567")


def test_listen_goes_on_through_a_restart_of_the_relay(
    relay: RelayProcess, people: tuple[Person, Person]
) -> None:
    alice, bob = people
    command = bob.command("--json", "listen", "--count", "2", "--timeout", "50")
    with subprocess.Popen(
        command, env=bob.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as listening:
        assert listening.stdout is not None
        assert alice.run("send", "bob", "one").code == 0
        assert "one" in listening.stdout.readline()
        relay.stop(signal.SIGKILL)
        relay.start()
        assert alice.run("send", "bob", "two").code == 0
        assert "two" in listening.stdout.readline()
        assert listening.wait(30) == 0


def test_two_listens_share_the_messages(people: tuple[Person, Person]) -> None:
    alice, bob = people
    command = bob.command("--json", "listen", "--count", "3", "--timeout", "40")
    listening = [
        subprocess.Popen(command, env=bob.environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for number in range(6):
        assert alice.run("send", "bob", f"text {number}").code == 0
    printed = [process.communicate(timeout=60)[0].splitlines() for process in listening]
    assert [process.returncode for process in listening] == [0, 0]
    assert sorted(line for lines in printed for line in lines) == sorted(
        {line for lines in printed for line in lines}
    )
    assert sum(map(len, printed)) == 6


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_listen_quietly(
    people: tuple[Person, Person], number: signal.Signals
) -> None:
    bob = people[1]
    with subprocess.Popen(
        bob.command("--json", "listen"),
        env=bob.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as listening:
        # The lock shows that it has begun.
        wait_until((bob.home / "bob" / "receiver.lock").exists)
        listening.send_signal(number)
        out, err = listening.communicate(timeout=30)
    assert (listening.returncode, out, err) == (128 + number, "", "")


def test_a_reader_that_goes_away_is_no_error(people: tuple[Person, Person]) -> None:
    alice, bob = people
    for number in range(3):
        assert alice.run("send", "bob", f"text {number}").code == 0
    listening = " ".join(bob.command("--json", "listen", "--timeout", "2"))
    done = subprocess.run(
        f"{listening} | head -c 1",
        shell=True,
        executable="/bin/bash",
        env=bob.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""


def test_a_passphrase_locks_the_profile(
    relay: RelayProcess, strangers: tuple[Person, Person], tmp_path: Path
) -> None:
    alice = strangers[0]
    secret, wrong, new = (tmp_path / name for name in ("secret", "wrong", "new"))
    secret.write_text("correct horse\n")
    wrong.write_text("battery staple\n")
    new.write_text("staple battery\n")
    locked = ["--passphrase-file", str(secret)]
    assert alice.run("--relay", relay.address, *locked, "register", "alice").code == 0
    assert alice.run(*locked, "contacts").code == 0
    assert alice.run("--passphrase-file", "-", "contacts", stdin="correct horse\n").code == 0
    refused = alice.run("--passphrase-file", str(wrong), "contacts")
    assert refused.code == 5
    assert alice.run("contacts").code == 1
    changed = alice.run(*locked, "passphrase", "--new-passphrase-file", str(new))
    assert changed.code == 0, changed.err
    assert alice.run(*locked, "contacts").code == 5
    assert alice.run("--passphrase-file", str(new), "contacts").code == 0
