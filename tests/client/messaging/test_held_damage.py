"""A held envelope over which our own side fails keeps no change from being taken."""

import pytest

from client.messaging import replacing
from client.messaging.outcomes import Outcome
from client.messaging.receiving import receive
from client.store import contacts, receipts_due
from client.store.transaction import Transaction
from client.values import Delivery, EntryKind, Surroundings
from protocol.errors import DamagedState
from protocol.ids import MessageId
from tests.client.messaging.conftest import MakeClient
from tests.client.messaging.envelopes import mail
from tests.client.messaging.test_key_change import accept, pinned, show
from tests.support.clients import Client


@pytest.mark.parametrize("verified", [False, True])
def test_p2_a_held_envelope_that_does_not_read_back_is_a_gap(
    friends: tuple[Client, Client],
    make_client: MakeClient,
    monkeypatch: pytest.MonkeyPatch,
    verified: bool,
) -> None:
    alice, old_bob = friends
    if verified:
        alice.write(lambda tx: contacts.set_verified(tx, old_bob.name))
    bob = make_client("bob")
    bad, good = (mail(bob, alice, text) for text in ("bad", "good"))
    for each in (bad, good):
        alice.receive(each)

    def stumble(tx: Transaction, delivery: Delivery, surroundings: Surroundings) -> Outcome:
        if delivery.envelope_id != bad.envelope_id:
            return receive(tx, delivery, surroundings)
        receipts_due.add(tx, bob.name, MessageId(b"half done here!!"))
        raise DamagedState("session")

    monkeypatch.setattr(replacing, "receive", stumble)
    (accept if verified else show)(alice, bob)
    assert pinned(alice, bob) == bob.device.identity.public
    assert alice.texts(bob)[-1] == "good"
    gaps = [each for each in alice.history(bob) if each.kind is EntryKind.UNREADABLE]
    assert len(gaps) == 1
    due = alice.read(lambda tx: receipts_due.take(tx, bob.name))
    assert MessageId(b"half done here!!") not in due
