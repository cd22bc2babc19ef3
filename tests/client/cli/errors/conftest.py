"""A relay with two people, made once; each test gets copies of their homes."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.client.cli.errors.rig import World
from tests.client.cli.harness import (
    Person,
    environment_of,
    running_relay,
)


@pytest.fixture(scope="session")
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
