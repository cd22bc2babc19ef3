"""Sealed sending and blocking, as a script sees them: contacts, xray, block, padding."""

from typing import Any

import pytest

from protocol.limits import HYBRID_INTERVAL_MESSAGES
from tests.client.cli.harness import Person, RelayProcess

pytestmark = pytest.mark.slow

SMALL_ENVELOPE_BYTES = 5_237


def contact(person: Person, name: str) -> dict[str, object]:
    (found,) = [each for each in person.run("--json", "contacts").records if each["name"] == name]
    return found


def sent(person: Person, to: str, text: str) -> dict[str, Any]:
    """Send a text; give its X-ray."""
    done = person.run("--json", "send", to, text)
    assert done.code == 0, done.err
    (shown,) = person.run("--json", "xray", str(done.records[0]["id"])).records
    return shown


def test_after_one_round_trip_the_relay_sees_no_sender(people: tuple[Person, Person]) -> None:
    alice, bob = people
    first = sent(alice, "bob", "hello")
    assert first["relay_saw_sender"] is True
    assert bob.listen(1) == ["hello"]
    assert sent(bob, "alice", "hello to you")["relay_saw_sender"] is False
    assert alice.listen(1) == ["hello to you"]
    second = sent(alice, "bob", "sealed")
    assert second["relay_saw_sender"] is False
    assert second["envelope_bytes"] == first["envelope_bytes"]
    assert contact(alice, "bob")["sealed"] is True
    assert contact(bob, "alice")["sealed"] is True
    shown = alice.run("xray", str(second["id"])).out
    assert "no sender: it came without a name" in shown
    assert "sealed" in alice.run("contacts").out
    assert alice.run("--json", "status").records[0]["sealed"] == 1


def carried(shown: dict[str, Any]) -> str:
    """Give what the header of an X-rayed message carries, in words."""
    (layer,) = [each for each in shown["layers"] if each["name"] == "ratchet message"]
    (flags,) = [span["meaning"] for span in layer["spans"] if span["name"] == "flags"]
    return str(flags).partition(": ")[2]


def test_text_handshake_and_kem_key_look_alike_to_the_relay(people: tuple[Person, Person]) -> None:
    alice, bob = people
    first = sent(alice, "bob", "hello")
    lines = [f"line {number}" for number in range(HYBRID_INTERVAL_MESSAGES)]
    assert alice.run("chat", "bob", stdin="\n".join(lines) + "\n").code == 0
    assert bob.listen(1 + len(lines)) == ["hello", *lines]
    shown = [first]
    for sender, recipient in ((bob, alice), (alice, bob), (bob, alice)):
        shown.append(sent(sender, recipient.name, "back"))
        assert recipient.listen(1) == ["back"]
    assert [carried(each) for each in shown] == [
        "handshake header",
        "KEM key",
        "KEM ciphertext",
        "none",
    ]
    assert {each["envelope_bytes"] for each in shown} == {SMALL_ENVELOPE_BYTES}
    assert [each["relay_saw_sender"] for each in shown] == [True, False, False, False]


def test_a_blocked_contact_is_not_heard(people: tuple[Person, Person]) -> None:
    alice, bob = people
    sent(alice, "bob", "hello")
    assert bob.listen(1) == ["hello"]
    sent(bob, "alice", "hello to you")
    assert alice.listen(1) == ["hello to you"]
    done = alice.run("--json", "block", "bob")
    assert done.code == 0, done.err
    assert done.records == [{"peer": "bob", "blocked": True, "permission_ended": True}]
    assert contact(alice, "bob")["blocked"] is True
    refused = alice.run("send", "bob", "one more thing")
    assert refused.code == 1
    assert "glasspost unblock bob" in refused.err
    assert sent(bob, "alice", "do you hear me?")["relay_saw_sender"] is True
    assert alice.run("listen", "--timeout", "2").out == ""
    assert alice.run("--json", "unblock", "bob").records == [{"peer": "bob", "blocked": False}]
    sent(bob, "alice", "and now?")
    assert alice.listen(1) == ["and now?"]


def test_a_block_without_a_relay_says_what_is_left_to_do(
    relay: RelayProcess, people: tuple[Person, Person]
) -> None:
    alice, bob = people
    sent(alice, "bob", "hello")
    assert bob.listen(1) == ["hello"]
    relay.stop()
    done = alice.run("--json", "block", "bob")
    assert done.code == 2
    assert done.records[0]["blocked"] is True
    assert done.records[0]["permission_ended"] is False
    assert "when the relay is reached" in done.err
    assert contact(alice, "bob")["blocked"] is True


def test_padding_is_shown_and_chosen(people: tuple[Person, Person]) -> None:
    alice, _ = people
    assert alice.run("--json", "padding").records == [{"padding": "padme"}]
    assert "not at all" in alice.run("padding", "none").out
    small = sent(alice, "bob", "hello")["envelope_bytes"]
    assert alice.run("--json", "padding", "block").records == [{"padding": "block"}]
    large = sent(alice, "bob", "hello")["envelope_bytes"]
    assert small < 4_096 < large
