"""A profile stays at its relay unless it is told to move, in so many words."""

from pathlib import Path

import pytest

from tests.client.cli.harness import Person, RelayProcess, free_port, running_relay

pytestmark = pytest.mark.slow


def relay_of(person: Person) -> str:
    (status,) = person.run("--json", "status").records
    return str(status["relay"])


def test_registering_again_without_naming_a_relay_stays_there(
    relay: RelayProcess, people: tuple[Person, Person]
) -> None:
    alice = people[0]
    again = alice.run("--json", "register", "alice")
    assert again.code == 0, again.err
    assert again.records[0]["relay"] == relay.address
    assert again.records[0]["moved_from"] is None
    assert relay_of(alice) == relay.address


@pytest.mark.parametrize("verb", [("status",), ("send", "bob", "hi"), ("history", "bob")])
def test_another_relay_is_refused_and_changes_nothing(
    relay: RelayProcess, people: tuple[Person, Person], verb: tuple[str, ...]
) -> None:
    alice = people[0]
    done = alice.run("--relay", "127.0.0.1:1", *verb)
    assert done.code == 1
    assert f"alice lives at {relay.address.partition('#')[0]}" in done.err
    assert "glasspost --relay glasspost://127.0.0.1:1 register alice" in " ".join(done.err.split())
    assert relay_of(alice) == relay.address


def test_registering_elsewhere_moves_the_profile_and_its_queue(
    relay: RelayProcess, people: tuple[Person, Person], tmp_path: Path
) -> None:
    alice, bob = people
    relay.stop()
    assert alice.run("send", "bob", "wherever you are").code == 2
    with running_relay(tmp_path / "second") as second:
        for person in (bob, alice):
            moved = person.run("--relay", second.address, "register", person.name)
            assert moved.code == 0, moved.err
            assert f"moved there from 127.0.0.1:{relay.port}" in " ".join(moved.out.split())
        assert relay_of(alice) == second.address
        assert bob.listen(1) == ["wherever you are"]


def test_a_relay_that_changed_its_port_is_not_another_one(
    relay: RelayProcess, people: tuple[Person, Person]
) -> None:
    alice, former = people[0], relay.port
    relay.stop()
    relay.port = free_port()
    relay.start()
    moved = alice.run("--relay", relay.address, "register", "alice")
    assert moved.code == 0, moved.err
    assert f"the same relay as at 127.0.0.1:{former}" in " ".join(moved.out.split())
    assert "no longer reach" not in moved.out
