import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.support.clients import Client, Clock, FakeRelay, talk

MakeClient = Callable[[str], Client]


@pytest.fixture
def relay() -> FakeRelay:
    return FakeRelay(Clock())


@pytest.fixture
def make_client(tmp_path: Path, relay: FakeRelay, rng: random.Random) -> Iterator[MakeClient]:
    """Give a maker of registered clients; the same name again is a new device."""
    with ExitStack() as stack:

        def make(name: str) -> Client:
            client = Client(name, tmp_path, relay, rng)
            stack.enter_context(closing(client))
            client.come_online()
            return client

        yield make


@pytest.fixture
def alice(make_client: MakeClient) -> Client:
    return make_client("alice")


@pytest.fixture
def bob(make_client: MakeClient) -> Client:
    return make_client("bob")


@pytest.fixture
def friends(alice: Client, bob: Client) -> tuple[Client, Client]:
    """Alice and Bob with an established session and nothing under way."""
    alice.send(bob, "hello bob")
    talk(alice, bob)
    bob.send(alice, "hello alice")
    talk(alice, bob)
    return alice, bob
