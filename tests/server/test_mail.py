"""Mail from submit to acknowledgement, over a relay in memory."""

import random
from dataclasses import replace

import pytest

from protocol.limits import DELIVERY_WINDOW, DELIVERY_WINDOW_BYTES, MAX_ENVELOPE_BYTES
from protocol.wire.messages import (
    Accepted,
    Acknowledge,
    Acknowledged,
    Answer,
    Deliver,
    Displaced,
    Ping,
    Pong,
    Refusal,
    Refused,
    Request,
    Subscribe,
    Subscribed,
)
from tests.support.relay_rig import RelayRig, relay_rig
from tests.support.wire_client import WireClient, submit_to

BAD_ACKNOWLEDGEMENT = Refused(Refusal.BAD_ACKNOWLEDGEMENT, None)


async def send_mail(rig: RelayRig, client: WireClient, count: int, size: int = 10) -> None:
    """Submit so many envelopes to bob, a few at a time."""
    for start in range(0, count, 16):
        some = [
            submit_to(rig.person("bob"), rig.rng.randbytes(size), rig.rng)
            for _ in range(start, min(count, start + 16))
        ]
        answers = await client.ask_all(some)
        assert all(isinstance(answer, Accepted) for answer in answers), answers


async def mail_that_comes(client: WireClient) -> list[Deliver]:
    """Collect pushes until the answer to a Ping has come behind them."""
    await client.ask(Ping())
    await client.ask(Ping())
    return [push for push in client.pushes_so_far() if isinstance(push, Deliver)]


async def test_a_message_goes_from_alice_to_bob(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        alice, bob = await rig.enter("alice"), await rig.enter("bob")
        await bob.ask_for(Subscribed, Subscribe())
        submit = submit_to(rig.person("bob"), b"sealed", rng)
        accepted = await alice.ask_for(Accepted, submit)
        mail = await bob.next_mail()
        assert (mail.sequence, mail.envelope) == (1, b"sealed")
        assert mail.envelope_id == submit.envelope_id
        assert mail.arrival_ms == accepted.arrival_ms
        assert mail.vouched is not None
        assert (mail.vouched.name, mail.vouched.device) == ("alice", 1)
        assert mail.vouched.identity == rig.person("alice").account.identity
        assert await bob.ask(Acknowledge(1)) == Acknowledged(1)
        assert await bob.ask(Subscribe()) == Subscribed(0)


async def test_mail_waits_for_who_sleeps(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        await (await rig.enter("bob")).aclose()
        await send_mail(rig, await rig.enter("alice"), 3)
        bob = await rig.enter("bob")
        assert await bob.ask(Subscribe()) == Subscribed(3)
        assert [(await bob.next_mail()).sequence for _ in range(3)] == [1, 2, 3]


async def test_one_may_write_to_oneself(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        bob = await rig.enter("bob")
        await bob.ask(Subscribe())
        await send_mail(rig, bob, 1)
        assert (await bob.next_mail()).sequence == 1


async def test_the_same_submit_is_delivered_once(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        alice, bob = await rig.enter("alice"), await rig.enter("bob")
        await bob.ask(Subscribe())
        submit = submit_to(rig.person("bob"), b"sealed", rng)
        first, again, other = await alice.ask_all(
            [submit, submit, replace(submit, envelope=b"changed")]
        )
        assert isinstance(first, Accepted)
        assert again == first
        assert other == Refused(Refusal.CONFLICT, None)
        rig.clock.advance(60_000)
        assert await alice.ask(submit) == first
        assert len(await mail_that_comes(bob)) == 1


async def test_an_unknown_recipient(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        alice = await rig.enter("alice")
        nobody = submit_to(rig.person("nobody"), b"sealed", rng)
        second_device = replace(submit_to(rig.person("alice"), b"sealed", rng), device=2)
        for submit in (nobody, second_device):
            assert await alice.ask(submit) == Refused(Refusal.UNKNOWN_ACCOUNT, None)


# --- redelivery -------------------------------------------------------------


async def test_mail_is_delivered_until_acknowledged(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        await rig.enter("bob")
        await send_mail(rig, await rig.enter("alice"), 5)
        for acknowledged in (0, 2, 2, 5):
            bob = await rig.enter("bob")
            await bob.ask(Subscribe())
            mail = await mail_that_comes(bob)
            assert [m.sequence for m in mail][-1:] == [5]
            if acknowledged:
                await bob.ask_for(Acknowledged, Acknowledge(acknowledged))
            await bob.aclose()
        assert await (await rig.enter("bob")).ask(Subscribe()) == Subscribed(0)


async def test_redelivery_brings_the_same(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        await rig.enter("bob")
        await send_mail(rig, await rig.enter("alice"), 5)
        seen = []
        for _ in range(2):
            bob = await rig.enter("bob")
            await bob.ask(Subscribe())
            seen.append(await mail_that_comes(bob))
            await bob.aclose()
        assert seen[0] == seen[1]


async def test_one_acknowledges_what_was_delivered_here(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        await rig.enter("bob")
        await send_mail(rig, await rig.enter("alice"), 2)
        bob = await rig.enter("bob")
        assert await bob.ask(Acknowledge(1)) == BAD_ACKNOWLEDGEMENT
        await bob.ask(Subscribe())
        await mail_that_comes(bob)
        assert await bob.ask(Acknowledge(3)) == BAD_ACKNOWLEDGEMENT
        assert await bob.ask(Acknowledge(2)) == Acknowledged(2)
        assert await bob.ask(Acknowledge(1)) == Acknowledged(1)


# --- the window -------------------------------------------------------------


async def test_at_most_a_window_is_unacknowledged(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        bob = await rig.enter("bob")
        await bob.ask(Subscribe())
        await send_mail(rig, await rig.enter("alice"), 3 * DELIVERY_WINDOW)
        assert len(await mail_that_comes(bob)) == DELIVERY_WINDOW
        await bob.ask(Acknowledge(10))
        more = await mail_that_comes(bob)
        assert [m.sequence for m in more] == list(range(DELIVERY_WINDOW + 1, DELIVERY_WINDOW + 11))


async def test_at_most_a_windows_bytes_are_unacknowledged(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        bob = await rig.enter("bob")
        await bob.ask(Subscribe())
        size = MAX_ENVELOPE_BYTES - 1_000
        await send_mail(rig, await rig.enter("alice"), 7, size)
        assert len(await mail_that_comes(bob)) == DELIVERY_WINDOW_BYTES // size
        await bob.ask(Acknowledge(1))
        assert len(await mail_that_comes(bob)) == 1


@pytest.mark.parametrize("subscribed_first", [True, False])
async def test_everything_arrives_in_order(rng: random.Random, subscribed_first: bool) -> None:
    """Caught up or catching up, with acknowledgements now and then."""
    count = 500
    async with relay_rig(rng) as rig:
        alice, bob = await rig.enter("alice"), await rig.enter("bob")
        if subscribed_first:
            await bob.ask(Subscribe())
        rig.nursery.start_soon(send_mail, rig, alice, count, 3_000)
        if not subscribed_first:
            await bob.ask(Subscribe())
        for expected in range(1, count + 1):
            assert (await bob.next_mail()).sequence == expected
            if rng.random() < 0.1:
                await bob.ask(Acknowledge(expected))
            elif expected % DELIVERY_WINDOW == 0:
                await bob.send([Acknowledge(expected)])


# --- one subscription -------------------------------------------------------


async def test_a_newer_subscription_displaces_the_older(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        alice = await rig.enter("alice")
        older, newer = await rig.enter("bob"), await rig.enter("bob")
        await older.ask(Subscribe())
        await send_mail(rig, alice, 1)
        assert (await older.next_mail()).sequence == 1
        await newer.ask(Subscribe())
        assert await older.next_push() == Displaced()
        await send_mail(rig, alice, 1)
        assert [m.sequence for m in await mail_that_comes(newer)] == [1, 2]
        assert await mail_that_comes(older) == []
        # What it had it may still acknowledge, and more it may not.
        assert await older.ask(Acknowledge(1)) == Acknowledged(1)
        assert await older.ask(Acknowledge(2)) == BAD_ACKNOWLEDGEMENT


async def test_the_displaced_one_may_subscribe_again(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        one, two = await rig.enter("bob"), await rig.enter("bob")
        for newer, older in ((one, two), (two, one), (one, two)):
            await newer.ask(Subscribe())
            await older.ask(Ping())
        assert one.pushes_so_far() == two.pushes_so_far() == [Displaced()]
        await send_mail(rig, one, 1)
        assert (await one.next_mail()).sequence == 1


async def test_subscribing_twice_delivers_once(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        bob = await rig.enter("bob")
        await send_mail(rig, bob, 2)
        assert await bob.ask_all([Subscribe(), Subscribe()]) == [Subscribed(2)] * 2
        assert [m.sequence for m in await mail_that_comes(bob)] == [1, 2]


async def test_gone_subscribers_are_forgotten(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        for _ in range(5):
            bob = await rig.enter("bob")
            await bob.ask(Subscribe())
            await bob.aclose()
        await rig.settle()
        assert len(rig.relay._services.subscriptions) == 0
        assert len(rig.relay._connections) == 0


# --- pipelining -------------------------------------------------------------


async def test_answers_come_in_the_order_of_requests(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        bob = await rig.enter("bob")
        mine = rig.person("bob")
        answer_to: list[tuple[Request, type[Answer]]] = [
            (Ping(), Pong),
            (Subscribe(), Subscribed),
            (submit_to(mine, b"sealed", rng), Accepted),
        ]
        script = [rng.choice(answer_to) for _ in range(60)]
        ids = await bob.send([request for request, _ in script])
        answers = await bob.answers(ids)
        assert [type(answer) for answer in answers] == [expected for _, expected in script]
        assert bob.answered[-len(ids) :] == ids


async def test_pipelined_submits_share_a_commit(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        alice = await rig.enter("alice")
        await rig.enter("bob")
        await send_mail(rig, alice, 16)
        assert len(rig.events("committed")) <= 3
