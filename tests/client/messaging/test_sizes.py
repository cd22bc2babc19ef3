"""Sizes: all that two clients say to each other looks alike, as long as it is short."""

import pytest

from client.store import settings
from client.values import Delivery, EntryKind, MessageState, OutboxItem
from protocol.e2ee.padding import Padding, padme
from protocol.e2ee.ratchet.header import RatchetHeader
from protocol.e2ee.session import peek_untrusted
from protocol.limits import (
    HYBRID_INTERVAL_MESSAGES,
    PADDING_FLOOR_BYTES,
    RECEIPT_IDS_AT_ONCE,
)
from tests.support.clients import Client, talk

# Version, sealing key id, HPKE's encapsulated key and tag around the padded payload.
SMALL_ENVELOPE_BYTES = 1 + 4 + 1_120 + padme(PADDING_FLOOR_BYTES) + 16


def chat(alice: Client, bob: Client) -> list[int]:
    """Exchange every kind there is; give the sizes of all envelopes."""
    for client in (alice, bob):
        client.set_token()
    alice.send(bob, "with handshake")
    talk(alice, bob)
    bob.send(alice, "without")
    alice.send(bob, "x" * 200)
    talk(alice, bob)
    return [len(item.envelope) for _, item in alice.relay.submitted]


def test_text_receipt_handshake_and_profile_key_are_of_one_size(alice: Client, bob: Client) -> None:
    sizes = chat(alice, bob)
    assert len(sizes) >= 8
    assert set(sizes) == {SMALL_ENVELOPE_BYTES}


def header_of(recipient: Client, item: OutboxItem) -> RatchetHeader:
    delivery = Delivery(0, item.envelope_id, 0, None, item.envelope)
    return peek_untrusted(recipient.open_seal(delivery))


def test_receipts_for_many_messages_are_of_that_size_too(alice: Client, bob: Client) -> None:
    """The first of them carries a KEM key: it is due after so many messages."""
    sent = HYBRID_INTERVAL_MESSAGES + RECEIPT_IDS_AT_ONCE
    for number in range(sent):
        alice.send(bob, f"text {number}")
    talk(alice, bob)
    receipts = [item for name, item in alice.relay.submitted if name == alice.name]
    assert len(receipts) >= sent / RECEIPT_IDS_AT_ONCE
    assert all(header_of(alice, item).kem.attached_key for item in receipts)
    assert {len(item.envelope) for item in receipts} == {SMALL_ENVELOPE_BYTES}
    states = [entry.state for entry in alice.history(bob) if entry.kind is EntryKind.TEXT]
    assert states == [MessageState.DELIVERED] * sent


def test_the_same_without_padding_tells_them_apart(alice: Client, bob: Client) -> None:
    for client in (alice, bob):
        client.write(lambda tx: settings.set_padding(tx, Padding.NONE))
    sizes = chat(alice, bob)
    assert len(set(sizes)) >= 5
    assert max(sizes) < SMALL_ENVELOPE_BYTES


@pytest.mark.parametrize("mode", [Padding.PADME, Padding.BLOCK])
def test_a_long_text_is_in_the_class_of_its_size(alice: Client, bob: Client, mode: Padding) -> None:
    alice.write(lambda tx: settings.set_padding(tx, mode))
    alice.send(bob, "y" * 10_000)
    alice.fetch_keys()
    (item,) = alice.ready()
    padded = len(item.envelope) - 1 - 4 - 1_120 - 16
    assert padded > 10_000
    assert padded == (padme(padded) if mode is Padding.PADME else -(-padded // 4_096) * 4_096)
