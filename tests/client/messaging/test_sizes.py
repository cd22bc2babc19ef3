"""Sizes: all that two clients say to each other looks alike, as long as it is short."""

import random

import pytest

from client.store import settings
from protocol.e2ee.padding import Padding, padme
from protocol.e2ee.sealed_payload import PayloadKind, SealedPayload
from protocol.limits import PADDING_FLOOR_BYTES
from protocol.records import KEM_CIPHERTEXT_BYTES, KEM_PUBLIC_BYTES
from tests.client.messaging.envelopes import sealed_anew
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


def test_kem_carrying_messages_are_of_that_size_too(
    alice: Client, bob: Client, rng: random.Random
) -> None:
    """With a KEM key and a ciphertext in the header, and a text of a few lines."""
    body_bytes = 58 + KEM_PUBLIC_BYTES + KEM_CIPHERTEXT_BYTES + 12 + 600 + 16
    payload = SealedPayload(
        alice.device.address, PayloadKind.RATCHET_MESSAGE, rng.randbytes(body_bytes)
    )
    assert len(sealed_anew(bob, payload).envelope) == SMALL_ENVELOPE_BYTES


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
