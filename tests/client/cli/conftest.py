"""A relay and two people, each with processes and folders of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.cli.harness import Person, RelayProcess, environment_of, running_relay


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[RelayProcess]:
    """A relay of this test's own."""
    with running_relay(tmp_path / "relay") as process:
        yield process


@pytest.fixture
def strangers(tmp_path: Path) -> tuple[Person, Person]:
    """Alice and Bob, who have no profile yet."""
    environment = environment_of(tmp_path / "xdg")
    return (
        Person("alice", tmp_path / "a", environment),
        Person("bob", tmp_path / "b", environment),
    )


@pytest.fixture
def people(relay: RelayProcess, strangers: tuple[Person, Person]) -> tuple[Person, Person]:
    """Alice and Bob, registered at the relay."""
    for person in strangers:
        person.register(relay.address)
    return strangers
