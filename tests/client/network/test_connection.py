"""One connection: many requests at once, cancellation, pushes, and every way to die."""

import random

import pytest
import trio

from client.network.connection import RelayConnection, open_connection
from client.network.failures import ConnectionLost
from client.network.refusals import RelayRefusal
from client.network.statements import login_statement
from protocol.ids import DeviceAddress, EnvelopeId, Name
from protocol.labels import Label
from protocol.limits import DELIVERY_WINDOW, IDLE_TIMEOUT_MS, MAX_REQUESTS_IN_FLIGHT
from protocol.records import SignedKemPrekey, SignedPrekey, SignedSealingKey, login_fields
from protocol.signing import SigningKey, public_key_of, verify
from protocol.wire.codec import encode
from protocol.wire.framing import frame
from protocol.wire.messages import (
    Accepted,
    Closing,
    Deliver,
    LoggedIn,
    Ping,
    Pong,
    PrekeysLow,
    PrekeysStored,
    Refusal,
    Refused,
    Submit,
    UploadPrekeys,
    Welcome,
)
from tests.client.network.scripted_relay import CLOCK_MS, NONCE, RELAY_KEY, greeted, wired

ALICE = DeviceAddress(Name("alice"))
KEY = SigningKey(b"k" * 32)
UPLOAD = UploadPrekeys(
    SignedPrekey(1, 1, bytes(32), bytes(64)),
    SignedKemPrekey(1, 1, bytes(1_184), bytes(64)),
    SignedSealingKey(1, 1, bytes(1_216), bytes(64)),
    (),
)


def submit(number: int) -> Submit:
    return Submit(Name("bob"), 1, EnvelopeId(number.to_bytes(16, "big")), None, b"sealed")


def delivery(number: int) -> Deliver:
    return Deliver(number, EnvelopeId(number.to_bytes(16, "big")), CLOCK_MS, None, b"sealed")


async def log_in(connection: RelayConnection) -> LoggedIn:
    statement = login_statement(ALICE, KEY, connection.challenge)
    return await connection.request(statement, LoggedIn)


async def test_login_is_signed_over_this_relay_and_nonce(autojump_clock: object) -> None:
    async with greeted(RELAY_KEY) as (connection, relay), trio.open_nursery() as nursery:
        nursery.start_soon(log_in, connection)
        login = await relay.log_in()
        assert connection.relay_clock_ms == CLOCK_MS
    fields = login_fields(ALICE, NONCE, RELAY_KEY, 1)
    verify(public_key_of(KEY), login.signature, Label.LOGIN, *fields)


async def test_answers_in_any_order_find_their_requests(
    autojump_clock: object, rng: random.Random
) -> None:
    got: dict[int, int] = {}
    async with greeted() as (connection, relay), trio.open_nursery() as nursery:

        async def ask(number: int) -> None:
            accepted = await connection.request(submit(number), Accepted)
            got[number] = accepted.arrival_ms

        async def answer() -> None:
            await relay.log_in()
            asked = [await relay.asked() for _ in range(20)]
            rng.shuffle(asked)
            for one in asked:
                assert isinstance(one.request, Submit)
                arrival = int.from_bytes(one.request.envelope_id, "big") * 7
                await relay.stream.send_all(relay.link.answer(one.request_id, Accepted(arrival)))

        nursery.start_soon(answer)
        await log_in(connection)
        for number in range(20):
            nursery.start_soon(ask, number)
    assert got == {number: number * 7 for number in range(20)}


async def test_a_cancelled_request_is_answered_to_nobody(autojump_clock: object) -> None:
    async with greeted() as (connection, relay), trio.open_nursery() as nursery:
        nursery.start_soon(relay.log_in)
        await log_in(connection)
        with trio.move_on_after(1):
            await connection.request(submit(1), Accepted)
        nursery.start_soon(relay.answer_next, Accepted(1))
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(relay.answer_next, Accepted(2))
        assert await connection.request(submit(2), Accepted) == Accepted(2)


async def test_no_more_requests_in_flight_than_allowed(autojump_clock: object) -> None:
    async with greeted() as (connection, relay), trio.open_nursery() as nursery:
        nursery.start_soon(relay.log_in)
        await log_in(connection)
        for number in range(MAX_REQUESTS_IN_FLIGHT + 5):
            nursery.start_soon(connection.request, submit(number), Accepted)
        await trio.testing.wait_all_tasks_blocked()
        assert connection._link.pending_count == MAX_REQUESTS_IN_FLIGHT
        nursery.cancel_scope.cancel()


async def test_a_refusal_is_an_error_for_a_person(autojump_clock: object) -> None:
    async with greeted() as (connection, relay), trio.open_nursery() as nursery:
        nursery.start_soon(relay.log_in)
        await log_in(connection)
        nursery.start_soon(relay.answer_next, Refused(Refusal.UNKNOWN_ACCOUNT, None))
        with pytest.raises(RelayRefusal, match="no account named bob") as caught:
            await connection.request(submit(1), Accepted)
        assert not caught.value.may_pass
        nursery.start_soon(relay.answer_next, Refused(999, 1_500))
        with pytest.raises(RelayRefusal) as caught:
            await connection.request(submit(1), Accepted)
    assert "999" in caught.value.why
    assert caught.value.may_pass
    assert caught.value.hint.endswith("(in 2 s).")


async def test_everything_fails_at_once_when_the_relay_hangs_up(autojump_clock: object) -> None:
    failed = []
    async with greeted() as (connection, relay), trio.open_nursery() as nursery:

        async def ask(number: int) -> None:
            with pytest.raises(ConnectionLost, match="lost") as caught:
                await connection.request(submit(number), Accepted)
            failed.append(caught.value)

        nursery.start_soon(relay.log_in)
        await log_in(connection)
        for number in range(MAX_REQUESTS_IN_FLIGHT + 10):
            nursery.start_soon(ask, number)
        await trio.testing.wait_all_tasks_blocked()
        await relay.stream.aclose()
        assert (await connection.wait_closed()).why == "The relay hung up."
        assert [push async for push in connection.pushes] == []
    assert len(failed) == MAX_REQUESTS_IN_FLIGHT + 10
    assert len({id(error) for error in failed}) == len(failed)


async def test_closing_tells_when_to_come_back(autojump_clock: object) -> None:
    async with greeted() as (connection, relay):
        await relay.push(Closing(250))
        lost = await connection.wait_closed()
        assert lost.retry_after_ms == 250
        with pytest.raises(ConnectionLost):
            await connection.request(Ping(), Pong)


async def test_p6_more_pushes_than_the_window_end_the_connection(autojump_clock: object) -> None:
    async with greeted() as (connection, relay), trio.open_nursery() as nursery:
        nursery.start_soon(relay.log_in)
        await log_in(connection)
        for number in range(DELIVERY_WINDOW + 17):
            await relay.push(delivery(number))
        assert "more pushes" in (await connection.wait_closed()).why


@pytest.mark.parametrize(
    "garbage",
    [b"\xff" * 40, b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0\0\0\0", b"\0\0\0\x03\x93\x05\x01"],
    ids=["huge length", "another protocol", "empty frame", "half a message"],
)
async def test_p6_garbage_ends_the_connection_with_a_reason(
    autojump_clock: object, garbage: bytes
) -> None:
    async with greeted() as (connection, relay):
        await relay.stream.send_all(garbage)
        assert "may not" in (await connection.wait_closed()).why


async def test_an_answer_to_nothing_ends_the_connection(autojump_clock: object) -> None:
    async with greeted() as (connection, relay):
        await relay.stream.send_all(frame(encode(Pong(1), 77)))
        assert "nothing that was asked" in (await connection.wait_closed()).why


async def test_a_silent_relay_is_given_up(autojump_clock: object) -> None:
    dialed, _ = wired()
    with pytest.raises(ConnectionLost) as caught:
        async with open_connection(dialed):
            raise AssertionError("never greeted")
    assert "greet in time" in caught.value.why


async def test_a_relay_that_names_another_key_than_its_certificate(autojump_clock: object) -> None:
    dialed, relay = wired(RELAY_KEY)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(relay.greet, Welcome(1, b"O" * 32, NONCE, CLOCK_MS))
        with pytest.raises(ConnectionLost) as caught:
            async with open_connection(dialed):
                raise AssertionError("greeted all the same")
        assert "another key" in caught.value.why


async def test_no_version_in_common(autojump_clock: object) -> None:
    dialed, relay = wired()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(relay.answer_next, Refused(Refusal.UNSUPPORTED_VERSION, None))
        with pytest.raises(RelayRefusal) as caught:
            async with open_connection(dialed):
                raise AssertionError("greeted all the same")
        assert "version" in caught.value.why


async def test_pings_keep_the_clock_and_notice_the_dead(autojump_clock: object) -> None:
    async with greeted() as (connection, relay):
        assert await relay.answer_next(Pong(CLOCK_MS + 60_000)) == Ping()
        await trio.testing.wait_all_tasks_blocked()
        assert connection.relay_clock_ms == CLOCK_MS + 60_000
        before = trio.current_time()
        lost = await connection.wait_closed()
        assert "not answer any more" in lost.why
        assert trio.current_time() - before < IDLE_TIMEOUT_MS / 1000


async def test_an_error_in_the_block_passes_alone(autojump_clock: object) -> None:
    dialed, relay = wired()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(relay.greet)
        with pytest.raises(ZeroDivisionError):
            async with open_connection(dialed):
                raise ZeroDivisionError


async def test_a_count_of_the_shelf_is_the_one_said_last(autojump_clock: object) -> None:
    async with greeted() as (connection, relay), trio.open_nursery() as nursery:
        nursery.start_soon(relay.log_in)
        await log_in(connection)
        assert connection.one_time_count == 100
        await relay.push(PrekeysLow(19))
        await relay.push(PrekeysLow(17))
        await trio.testing.wait_all_tasks_blocked()
        assert connection.one_time_count == 17
        nursery.start_soon(relay.answer_next, PrekeysStored(98))
        await connection.request(UPLOAD, PrekeysStored)
        assert connection.pushes.receive_nowait() == PrekeysLow(19)  # waited all the time
        assert connection.one_time_count == 98
