"""The delivery window and the outbox: machines, without a relay around them."""

import random

import pytest

from protocol.ids import EnvelopeId
from protocol.limits import DELIVERY_WINDOW, DELIVERY_WINDOW_BYTES
from server.delivery_window import DeliveryWindow, Room
from server.store.values import StoredMail


def mail(sequence: int, size: int = 10) -> StoredMail:
    return StoredMail(sequence, EnvelopeId(bytes(16)), 0, None, bytes(size))


def test_an_empty_window_has_all_its_room() -> None:
    assert DeliveryWindow().room() == Room(DELIVERY_WINDOW, DELIVERY_WINDOW_BYTES)


def test_sent_mail_takes_room_until_acknowledged() -> None:
    window = DeliveryWindow()
    window.sent([mail(1), mail(2), mail(3)])
    assert window.room() == Room(DELIVERY_WINDOW - 3, DELIVERY_WINDOW_BYTES - 30)
    assert window.acknowledge(2)
    assert window.room() == Room(DELIVERY_WINDOW - 1, DELIVERY_WINDOW_BYTES - 10)
    assert window.sent_up_to == 3


@pytest.mark.parametrize("up_to", [4, 5, 1 << 63])
def test_what_was_not_sent_cannot_be_acknowledged(up_to: int) -> None:
    window = DeliveryWindow()
    window.sent([mail(3)])
    assert not window.acknowledge(up_to)
    assert window.room().count == DELIVERY_WINDOW - 1


def test_any_history_ends_with_all_room(rng: random.Random) -> None:
    window, sequence = DeliveryWindow(), 0
    for _ in range(500):
        if rng.random() < 0.6 and window.room().count:
            sequence += rng.randint(1, 3)
            window.sent([mail(sequence, rng.randrange(100))])
        else:
            window.acknowledge(rng.randint(0, sequence))
        assert 0 <= window.room().count <= DELIVERY_WINDOW
    assert window.acknowledge(sequence)
    assert window.room() == DeliveryWindow().room()
