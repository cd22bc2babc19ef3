"""Both link machines on a fake wire: who may say what, and whose fault it is."""

import random
from contextlib import suppress
from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import WireError
from protocol.ids import EnvelopeId, Name
from protocol.limits import MAX_REQUESTS_IN_FLIGHT
from protocol.wire.client_link import Answered, ClientLink, Pushed
from protocol.wire.codec import encode
from protocol.wire.framing import frame
from protocol.wire.messages import (
    Accepted,
    Answer,
    Closing,
    Deliver,
    DeviceReplaced,
    Displaced,
    Hello,
    LoggedIn,
    Login,
    Message,
    Ping,
    Pong,
    Refusal,
    Refused,
    Replaced,
    ReplaceDevice,
    ReplacementAnnounced,
    ReplacementHeld,
    Request,
    Submit,
    Subscribed,
    VaultHello,
    VaultRequest,
    VaultWelcome,
    Welcome,
)
from protocol.wire.relay_link import Asked, Barred, RelayLink
from protocol.wire.states import (
    ALLOWED_REQUESTS,
    ANSWER_TO,
    OTHER_ANSWER_TO,
    REQUEST_TYPES,
    LinkMisused,
    LinkState,
)
from tests.support.fake_wire import HELLO, WELCOME, FakeWire
from tests.support.wire_strategies import messages

LOGIN = Login(Name("alice"), 1, bytes(64))
REPLACE = ReplaceDevice(Name("alice"), 1, 1, bytes(32), bytes(32), bytes(64), bytes(64))
SUBMIT = Submit(Name("bob"), 1, EnvelopeId(bytes(16)), None, b"sealed")
DELIVER = Deliver(1, EnvelopeId(bytes(16)), 2_000, None, b"sealed")


@pytest.fixture(params=[1, 7, 1 << 20], ids=["byte by byte", "by sevens", "whole"])
def wire(request: pytest.FixtureRequest) -> FakeWire:
    return FakeWire(chop=request.param)


@pytest.fixture
def logged_in(wire: FakeWire) -> FakeWire:
    wire.greet()
    wire.log_in(LOGIN)
    return wire


def raw(message: Message, request_id: int) -> bytes:
    """Bytes as a side without our machine's manners could send them."""
    return frame(encode(message, request_id))


def test_from_greeting_to_closing(wire: FakeWire) -> None:
    assert wire.ask(HELLO) == [Asked(1, HELLO)]
    assert wire.answer(1, WELCOME) == [Answered(1, HELLO, WELCOME)]
    assert wire.both_are(LinkState.ANONYMOUS)
    wire.log_in(LOGIN)
    assert wire.both_are(LinkState.LOGGED_IN)
    assert wire.ask(SUBMIT) == [Asked(3, SUBMIT)]
    assert wire.push(DELIVER) == [Pushed(DELIVER)]
    assert wire.answer(3, Accepted(2_000)) == [Answered(3, SUBMIT, Accepted(2_000))]
    assert wire.push(Closing(5)) == [Pushed(Closing(5))]
    assert wire.both_are(LinkState.CLOSED)


def test_answers_find_their_requests_in_any_order(logged_in: FakeWire) -> None:
    asked = logged_in.ask(SUBMIT, Ping(), SUBMIT)
    ids = [each.request_id for each in asked]
    assert logged_in.answer(ids[2], Accepted(3)) == [Answered(ids[2], SUBMIT, Accepted(3))]
    assert logged_in.answer(ids[1], Pong(9)) == [Answered(ids[1], Ping(), Pong(9))]
    assert logged_in.client.pending_count == 1


def test_every_request_has_its_own_answer_and_state() -> None:
    assert set(ANSWER_TO) == REQUEST_TYPES == set(get_args(Request))
    answers = {*ANSWER_TO.values(), *OTHER_ANSWER_TO.values(), Refused}
    assert answers == set(get_args(Answer))
    assert set().union(*ALLOWED_REQUESTS.values()) == REQUEST_TYPES


# --- the state decides ------------------------------------------------------


def test_without_a_login_a_request_is_barred_and_the_link_lives(wire: FakeWire) -> None:
    wire.greet()
    assert wire.to_relay(raw(SUBMIT, 9)) == [Barred(9, Refusal.NOT_LOGGED_IN)]
    wire.relay.answer(9, Refused(Refusal.NOT_LOGGED_IN, None))
    wire.log_in(LOGIN)


def test_a_token_stands_for_a_login(wire: FakeWire) -> None:
    wire.greet()
    with_token = replace(SUBMIT, token=bytes(16))
    assert wire.to_relay(raw(with_token, 9)) == [Asked(9, with_token)]
    wire.relay.answer(9, Accepted(1))
    wire.log_in(LOGIN)


def test_our_own_link_says_nothing_without_login_or_token(wire: FakeWire) -> None:
    wire.greet()
    with pytest.raises(LinkMisused):
        wire.client.request(SUBMIT)
    wire.client.request(replace(SUBMIT, token=bytes(16)))


@given(messages())
def test_the_first_message_is_hello_and_nothing_else(message: Message) -> None:
    wire = FakeWire()
    if isinstance(message, Hello | VaultHello):
        assert wire.to_relay(raw(message, 1)) == [Asked(1, message)]
        return
    with pytest.raises(WireError):
        wire.to_relay(raw(message, 1))
    assert wire.relay.state is LinkState.CLOSED


@pytest.mark.parametrize("message", [HELLO, LOGIN, REPLACE])
def test_no_second_greeting_or_login(logged_in: FakeWire, message: Message) -> None:
    with pytest.raises(WireError):
        logged_in.to_relay(raw(message, 99))


def test_what_follows_a_login_waits_for_its_answer(wire: FakeWire) -> None:
    wire.greet()
    assert wire.to_relay(raw(LOGIN, 2) + raw(SUBMIT, 3)) == [Asked(2, LOGIN)]
    assert wire.relay.must_answer
    wire.relay.answer(2, Refused(Refusal.BAD_LOGIN, None))
    assert wire.relay.next_request() is None
    assert wire.relay.state is LinkState.CLOSED


def test_a_pipelined_request_is_judged_after_the_login(wire: FakeWire) -> None:
    wire.greet()
    wire.ask(LOGIN)
    wire.to_relay(raw(SUBMIT, 3))
    wire.relay.answer(2, LoggedIn(1, 100))
    assert wire.relay.next_request() == Asked(3, SUBMIT)


@pytest.mark.parametrize("request_", [HELLO, LOGIN])
def test_a_refused_turning_point_ends_the_link(wire: FakeWire, request_: Request) -> None:
    if request_ is LOGIN:
        wire.greet()
    (asked,) = wire.ask(request_)
    refused = Refused(Refusal.BAD_LOGIN, None)
    assert wire.answer(asked.request_id, refused) == [Answered(asked.request_id, request_, refused)]
    assert wire.both_are(LinkState.CLOSED)


def test_who_takes_a_place_is_logged_in(wire: FakeWire) -> None:
    wire.greet()
    assert wire.to_relay(raw(REPLACE, 2) + raw(SUBMIT, 3)) == [Asked(2, REPLACE)]
    wire.relay.answer(2, Replaced(2))
    assert wire.relay.next_request() == Asked(3, SUBMIT)
    assert wire.relay.state is LinkState.LOGGED_IN


@pytest.mark.parametrize("answer", [ReplacementHeld(9_000), Refused(19, None)])
def test_who_has_to_wait_or_is_refused_comes_again(wire: FakeWire, answer: Answer) -> None:
    """The nonce is spent, so the link ends."""
    wire.greet()
    (asked,) = wire.ask(REPLACE)
    assert wire.answer(asked.request_id, answer) == [Answered(asked.request_id, REPLACE, answer)]
    assert wire.both_are(LinkState.CLOSED)


def test_who_is_replaced_hears_it_last(logged_in: FakeWire) -> None:
    announced = ReplacementAnnounced(bytes(32), 9_000)
    assert logged_in.push(announced) == [Pushed(announced)]
    assert logged_in.push(DeviceReplaced()) == [Pushed(DeviceReplaced())]
    assert logged_in.both_are(LinkState.CLOSED)
    with pytest.raises(WireError):
        logged_in.to_client(raw(Closing(0), 0))


def test_only_a_replacement_can_be_held(wire: FakeWire) -> None:
    wire.greet()
    wire.ask(LOGIN)
    with pytest.raises(WireError):
        wire.to_client(raw(ReplacementHeld(1), 2))


# --- a vault is no relay ----------------------------------------------------


def at_vault() -> FakeWire:
    wire = FakeWire()
    wire.ask(VaultHello(1, 1))
    wire.answer(1, VaultWelcome(1, bytes(32), Name("north"), 0))
    assert wire.both_are(LinkState.AT_VAULT)
    return wire


@given(messages(*get_args(VaultRequest)))
def test_a_vaults_requests_have_a_place_at_a_vault_only(message: Any) -> None:
    assert at_vault().to_relay(raw(message, 2)) == [Asked(2, message)]
    relay = FakeWire()
    relay.greet()
    with pytest.raises(WireError):
        relay.to_relay(raw(message, 9))


@given(messages(*(REQUEST_TYPES - {Ping, *get_args(VaultRequest)})))
def test_a_vault_hears_no_request_of_a_relay(message: Message) -> None:
    with pytest.raises(WireError):
        at_vault().to_relay(raw(message, 9))


@pytest.mark.parametrize("hello", [HELLO, VaultHello(1, 1)])
def test_the_wrong_service_says_so_and_ends(hello: Request) -> None:
    wire = FakeWire()
    wire.ask(hello)
    refused = Refused(Refusal.WRONG_SERVICE, None)
    assert wire.answer(1, refused) == [Answered(1, hello, refused)]
    assert wire.both_are(LinkState.CLOSED)


def test_a_relays_welcome_does_not_answer_a_vaults_hello() -> None:
    wire = FakeWire()
    wire.ask(VaultHello(1, 1))
    with pytest.raises(LinkMisused):
        wire.relay.answer(1, WELCOME)
    with pytest.raises(WireError):
        wire.to_client(raw(WELCOME, 1))


# --- the client is at fault -------------------------------------------------


@pytest.mark.parametrize("message", [Pong(1), DELIVER, Refused(1, None), Closing(0)])
def test_a_client_sends_requests_only(logged_in: FakeWire, message: Message) -> None:
    with pytest.raises(WireError):
        logged_in.to_relay(raw(message, 9))


def test_a_request_has_an_id(logged_in: FakeWire) -> None:
    with pytest.raises(WireError):
        logged_in.to_relay(raw(Ping(), 0))


def test_an_id_under_way_is_not_used_again(logged_in: FakeWire) -> None:
    logged_in.to_relay(raw(Ping(), 9))
    with pytest.raises(WireError):
        logged_in.to_relay(raw(Ping(), 9))


def test_an_id_may_be_used_again_after_its_answer(logged_in: FakeWire) -> None:
    logged_in.to_relay(raw(Ping(), 9))
    logged_in.relay.answer(9, Pong(1))
    assert logged_in.to_relay(raw(Ping(), 9)) == [Asked(9, Ping())]


def test_requests_over_the_window_wait(logged_in: FakeWire) -> None:
    many = b"".join(raw(Ping(), n) for n in range(10, 10 + 2 * MAX_REQUESTS_IN_FLIGHT))
    logged_in.relay.receive_data(many)
    given_ = [logged_in.relay.next_request() for _ in range(MAX_REQUESTS_IN_FLIGHT)]
    assert given_[-1] == Asked(9 + MAX_REQUESTS_IN_FLIGHT, Ping())
    assert logged_in.relay.must_answer
    assert logged_in.relay.next_request() is None
    logged_in.relay.answer(10, Pong(1))
    assert logged_in.relay.next_request() == Asked(10 + MAX_REQUESTS_IN_FLIGHT, Ping())


# --- the relay is at fault --------------------------------------------------


@pytest.mark.parametrize(
    ("message", "request_id"),
    [
        (Pong(1), 99),  # to nothing
        (Subscribed(0), 3),  # another request's answer
        (Closing(1), 3),  # a push with an id
        (Pong(1), 0),  # an answer without one
        (SUBMIT, 3),
        (SUBMIT, 0),
    ],
)
def test_a_relay_says_only_what_was_asked(
    logged_in: FakeWire, message: Message, request_id: int
) -> None:
    logged_in.ask(Ping())
    with pytest.raises(WireError):
        logged_in.to_client(raw(message, request_id))
    assert logged_in.client.state is LinkState.CLOSED


def test_an_answer_comes_once(logged_in: FakeWire) -> None:
    logged_in.ask(Ping())
    with pytest.raises(WireError):
        logged_in.to_client(raw(Pong(1), 3) + raw(Pong(1), 3))


def test_nothing_comes_after_closing(logged_in: FakeWire) -> None:
    logged_in.push(Closing(0))
    with pytest.raises(WireError):
        logged_in.to_client(raw(Displaced(), 0))


def test_mail_before_the_login_is_refused(wire: FakeWire) -> None:
    wire.greet()
    with pytest.raises(WireError):
        wire.to_client(raw(DELIVER, 0))


@pytest.mark.parametrize("version", [0, 2, 65_535])
def test_a_version_that_was_not_offered_is_refused(version: int) -> None:
    wire = FakeWire()
    wire.ask(HELLO)
    with pytest.raises(WireError):
        wire.to_client(raw(Welcome(version, bytes(32), bytes(32), 0), 1))


# --- our own caller is at fault ---------------------------------------------


def test_our_caller_may_not_ask_out_of_turn(wire: FakeWire) -> None:
    with pytest.raises(LinkMisused):
        wire.client.request(SUBMIT)
    wire.greet()
    with pytest.raises(LinkMisused):
        wire.client.request(SUBMIT)
    assert wire.client.pending_count == 0


def test_our_caller_may_not_answer_or_push_out_of_turn(wire: FakeWire) -> None:
    with pytest.raises(LinkMisused):
        wire.relay.answer(1, Pong(1))
    with pytest.raises(LinkMisused):
        wire.relay.push(DELIVER)
    wire.ask(HELLO)
    with pytest.raises(LinkMisused):
        wire.relay.answer(1, Pong(1))


# --- the end, and noise -----------------------------------------------------


@pytest.mark.parametrize("link", [ClientLink, RelayLink])
def test_the_end_between_frames_is_no_fault(link: type[ClientLink] | type[RelayLink]) -> None:
    machine = link()
    machine.receive_end()
    assert machine.state is LinkState.CLOSED


@pytest.mark.parametrize("link", [ClientLink, RelayLink])
def test_the_end_inside_a_frame_is_a_fault(link: type[ClientLink] | type[RelayLink]) -> None:
    machine = link()
    machine.receive_data(raw(HELLO, 1)[:-1])
    with pytest.raises(WireError):
        machine.receive_end()


@given(st.lists(st.tuples(messages(), st.integers(0, 5)), max_size=6), st.randoms())
def test_hostile_bytes_raise_one_family_only(
    script: list[tuple[Message, int]], rng: random.Random
) -> None:
    stream = bytearray(b"".join(raw(message, request_id) for message, request_id in script))
    if stream:
        stream[rng.randrange(len(stream))] = rng.randrange(256)
    for wire in (FakeWire(), FakeWire(chop=11)):
        wire.greet()
        with suppress(WireError):
            wire.to_relay(bytes(stream))
        with suppress(WireError):
            wire.to_client(bytes(stream))
