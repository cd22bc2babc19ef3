"""Relays that are away, unknown, or another one."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.client.cli.errors.rig import Expected, World, assert_told, check
from tests.client.cli.harness import (
    RelayProcess,
    free_port,
)

pytestmark = pytest.mark.slow


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
