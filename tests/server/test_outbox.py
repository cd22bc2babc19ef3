"""What is said when: answers in their order, notices once they may be."""

import pytest

from protocol.ids import Name
from protocol.wire.client_link import Answered, Pushed
from protocol.wire.messages import (
    Closing,
    DeviceReplaced,
    LoggedIn,
    Login,
    Ping,
    Pong,
    PrekeysLow,
    Push,
    ReplacementAnnounced,
)
from server.outbox import Outbox
from tests.support.fake_wire import FakeWire

LOGIN = Login(Name("alice"), 1, bytes(64))
ANNOUNCED = ReplacementAnnounced(bytes(32), 1)


@pytest.fixture
def wire() -> FakeWire:
    wire = FakeWire()
    wire.greet()
    return wire


@pytest.mark.parametrize("notice", [DeviceReplaced(), ANNOUNCED, PrekeysLow(1)])
def test_a_notice_for_a_login_waits_until_that_is_answered(wire: FakeWire, notice: Push) -> None:
    """A slow request before the login holds its answer back, and its notices with it."""
    outbox = Outbox(wire.relay)
    slow, login = (outbox.keep_place(asked.request_id) for asked in wire.ask(Ping(), LOGIN))
    login.answer = LoggedIn(1, 0)
    outbox.notify(notice)
    assert outbox.take() == b""
    slow.answer = Pong(1)
    said = wire.to_client(outbox.take())
    assert said == [
        Answered(slow.request_id, Ping(), Pong(1)),
        Answered(login.request_id, LOGIN, LoggedIn(1, 0)),
        Pushed(notice),
    ]


def test_of_each_kind_the_newest_is_said(wire: FakeWire) -> None:
    wire.log_in(LOGIN)
    outbox = Outbox(wire.relay)
    for notice in (PrekeysLow(9), ANNOUNCED, PrekeysLow(3)):
        outbox.notify(notice)
    assert wire.to_client(outbox.take()) == [Pushed(PrekeysLow(3)), Pushed(ANNOUNCED)]
    assert outbox.take() == b""


def test_nothing_is_said_after_the_last_word(wire: FakeWire) -> None:
    wire.log_in(LOGIN)
    outbox = Outbox(wire.relay)
    (asked,) = wire.ask(Ping())
    place = outbox.keep_place(asked.request_id)
    for notice in (DeviceReplaced(), Closing(1)):
        outbox.notify(notice)
    assert wire.to_client(outbox.take()) == [Pushed(DeviceReplaced())]
    place.answer = Pong(1)
    assert outbox.take() == b""
