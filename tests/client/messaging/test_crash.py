"""P3 on the client: what is acknowledged is on the disk, and a crash leaves the old state.

The disk is a VFS that remembers what was synced. A power loss is played by
opening a copy that holds the synced bytes only.
"""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import pytest

from client.messaging.outcomes import Duplicate, Received
from client.messaging.receiving import receive
from client.store.connection import open_database_file
from client.store.transaction import Transaction
from tests.client.messaging.conftest import MakeClient
from tests.client.messaging.envelopes import mail
from tests.support.clients import Client, talk
from tests.support.vfs_shim import ShimVFS


@pytest.fixture
def disk() -> Iterator[ShimVFS]:
    with ShimVFS("remembering") as disk:
        yield disk


def move_to(client: Client, disk: ShimVFS) -> None:
    """Let ``client`` go on, on a disk that remembers."""
    client.connection.close()
    client.connection = open_database_file(client.path, client.key, vfs=disk.name_with_ciphers)


def lose_power(client: Client, disk: ShimVFS, folder: Path) -> None:
    """Go on with what was synced, on an ordinary disk."""
    disk.power_loss(into=folder)
    client.connection.close()
    client.path = folder / client.path.name
    client.connection = open_database_file(client.path, client.key)


def acknowledge(client: Client, disk: ShimVFS) -> None:
    """Stand in for the engine: at this moment everything has to be on the platter."""
    assert disk.unsynced(client.path.name + "-wal") == []


@pytest.mark.parametrize("synchronous", ["full", "off"])
def test_p3_sync_comes_before_acknowledge(
    friends: tuple[Client, Client], disk: ShimVFS, tmp_path: Path, synchronous: str
) -> None:
    """And with the fault planted (no syncs) this very test notices, and the message is lost."""
    alice, bob = friends
    move_to(bob, disk)
    bob.connection.pragma("synchronous", synchronous)
    for number in range(5):
        assert isinstance(bob.receive(mail(alice, bob, str(number))), Received)
        if synchronous == "off":
            with pytest.raises(AssertionError):
                acknowledge(bob, disk)
        else:
            acknowledge(bob, disk)
    lose_power(bob, disk, tmp_path / "after")
    survived = ["0", "1", "2", "3", "4"] if synchronous == "full" else []
    assert bob.texts(alice)[1:] == survived


def test_p3_sync_comes_before_submit(
    friends: tuple[Client, Client], disk: ShimVFS, tmp_path: Path
) -> None:
    """After a power loss the same bytes go out: nothing was shown that is not on the disk."""
    alice, bob = friends
    move_to(alice, disk)
    for number in range(3):
        alice.send(bob, str(number))
    before = alice.ready()
    assert disk.unsynced("-wal") == []
    lose_power(alice, disk, tmp_path / "after")
    assert alice.ready() == before
    talk(alice, bob)
    assert bob.texts(alice)[1:] == ["0", "1", "2"]


class Killed(BaseException):
    """The process ends here."""


def dying(function: Callable[[Transaction], object]) -> Callable[[Transaction], object]:
    def run(tx: Transaction) -> object:
        function(tx)
        raise Killed

    return run


def test_p3_a_crash_before_the_commit_leaves_the_old_state_and_redelivery_opens(
    friends: tuple[Client, Client],
) -> None:
    alice, bob = friends
    delivery = mail(alice, bob, "survives")
    before = bob.dump()
    with pytest.raises(Killed):
        bob.write(dying(lambda tx: receive(tx, delivery, bob.surroundings)))
    bob.reopen()
    assert bob.dump() == before
    assert isinstance(bob.receive(delivery), Received)
    bob.reopen()
    assert bob.receive(delivery) == Duplicate()
    assert bob.texts(alice)[-1] == "survives"


def test_p3_a_crash_in_a_first_contact_costs_no_prekey(alice: Client, bob: Client) -> None:
    delivery = mail(alice, bob, "first")
    before = bob.dump()
    with pytest.raises(Killed):
        bob.write(dying(lambda tx: receive(tx, delivery, bob.surroundings)))
    bob.reopen()
    assert bob.dump() == before
    assert isinstance(bob.receive(delivery), Received)


def test_p3_power_may_fail_at_every_write_of_a_received_message(
    friends: tuple[Client, Client], tmp_path: Path
) -> None:
    """The message is there or not; if not, redelivery opens it. Never anything between."""
    alice, bob = friends
    deliveries = [mail(alice, bob, "one"), mail(alice, bob, "two")]
    checkpoint(bob)
    start = bob.path.read_bytes()
    survived = ["one"]
    for at in range(0, 1_000, 3):
        bob.connection.close()
        bob.path = tmp_path / f"before {at}.db"
        bob.path.write_bytes(start)
        with ShimVFS(f"dying after {at}") as disk:
            move_to(bob, disk)
            bob.receive(deliveries[0])
            died = dies_after(disk, at, lambda: bob.receive(deliveries[1]))
            lose_power(bob, disk, tmp_path / f"after {at}")
        survived = bob.texts(alice)[1:]
        assert survived == (["one"] if died else ["one", "two"])
        for delivery in deliveries:
            bob.receive(delivery)
        assert bob.texts(alice)[1:] == ["one", "two"]
        if not died:
            break
    assert at > 20
    assert survived == ["one", "two"]


def checkpoint(client: Client) -> None:
    """Move the log into the file, so that one file is the whole database."""
    client.connection.pragma("wal_checkpoint", "truncate")


def dies_after(disk: ShimVFS, count: int, function: Callable[[], object]) -> bool:
    """Let ``count`` more things happen to the disk, then nothing any more; tell whether it hurt."""
    left = [count]

    def fault(_: object) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise apsw.IOError

    disk.fault = fault
    try:
        function()
    except apsw.IOError:
        return True
    finally:
        disk.fault = None
    return False


def test_p3_a_crash_between_transaction_and_network_sends_the_same_bytes(
    friends: tuple[Client, Client],
) -> None:
    alice, bob = friends
    sent = [alice.send(bob, f"message {number}") for number in range(5)]
    first_try = {item.message_id: item for item in alice.ready()}
    for done in range(5):
        alice.reopen()
        alice.fetch_keys()
        items = alice.ready()
        assert items == [first_try[message_id] for message_id in sent[done:]]
        alice.relay.submit(alice.sender, items[0])  # its answer is lost with the process
        alice.reopen()
        alice.submit(alice.ready()[0])
    bob.receive_all()
    assert bob.texts(alice)[1:] == [f"message {number}" for number in range(5)]


def test_p3_no_key_and_nonce_is_ever_used_for_two_messages(
    alice: Client, bob: Client, make_client: MakeClient, rng: random.Random
) -> None:
    """Seen from outside, in all that ever left: one place in a chain, one ciphertext."""
    carol = make_client("carol")
    clients = (alice, bob, carol)
    for number in range(60):
        sender, recipient = rng.sample(clients, 2)
        sender.send(recipient, str(number))
        sender.reopen()
        if rng.random() < 0.5:
            for item in sender.flush():
                if rng.random() < 0.3:
                    sender.relay.submit(sender.sender, item)
        if rng.random() < 0.5:
            recipient.receive_all()
            recipient.reopen()
    talk(*clients)
    places: dict[tuple[object, ...], bytes] = {}
    bodies = set()
    for place, body in alice.relay.ratchet_messages(clients):
        assert places.setdefault(place, body) == body
        bodies.add(body)
    assert len(places) == len(bodies) > 60
