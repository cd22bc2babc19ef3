"""Counters: only what was encrypted takes one, so that a gap means a loss."""

from client.messaging import submitting
from client.store import outbox
from protocol.limits import PREKEY_ROTATION_MS
from tests.support.clients import Client, FakeRelay, talk


def fail_waiting(client: Client, peer: Client) -> None:
    client.write(lambda tx: submitting.give_up_waiting(tx, peer.name, "There is nobody."))


def counters(client: Client, peer: Client) -> list[int]:
    return [each.counter for each in client.history(peer) if not each.outgoing and each.counter]


def test_messages_that_failed_without_keys_leave_no_gap(alice: Client, bob: Client) -> None:
    for number in range(3):
        alice.send(bob, f"too early {number}")
        fail_waiting(alice, bob)
    alice.send(bob, "now")
    alice.send(bob, "and then")
    talk(alice, bob)
    assert counters(bob, alice) == [1, 2]
    assert not any(each.missing_before for each in bob.history(alice))
    own = alice.texts(bob, outgoing=True)
    assert own == ["too early 0", "too early 1", "too early 2", "now", "and then"]


def test_one_that_failed_before_others_that_wait_leaves_no_gap(
    friends: tuple[Client, Client], relay: FakeRelay
) -> None:
    alice, bob = friends
    relay.clock.now_ms += PREKEY_ROTATION_MS + 1
    bob.come_online()
    alice.hear_clock()
    for text in ("fails", "goes", "goes too"):
        alice.send(bob, text)
    first = alice.read(lambda tx: outbox.awaiting(tx, bob.name))[0]
    alice.write(lambda tx: submitting.give_up(tx, first.row_id, "No."))
    alice.send(bob, "last")
    talk(alice, bob)
    assert counters(bob, alice) == [1, 2, 3, 4]
    assert alice.texts(bob, outgoing=True)[1:] == ["fails", "goes", "goes too", "last"]
    assert not any(each.missing_before for each in alice.history(bob))
