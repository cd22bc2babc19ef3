"""The relay ends in good order: what was asked is answered, then Closing, then nothing."""

import random

import trio
import trio.testing

from protocol.wire.messages import Accepted, Closing, Ping, Subscribe
from server.reception import DRAIN_SECONDS
from tests.support.relay_rig import relay_rig
from tests.support.wire_client import submit_to


async def test_everybody_hears_closing(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        clients = [rig.connect(), await rig.greeted(), await rig.enter("alice")]
        await clients[-1].ask(Subscribe())
        await rig.relay.drain()
        for client in clients:
            await client.wait_for_end()
            assert [type(push) for push in client.pushes_so_far()] == [Closing]
    assert [event["cut_off"] for event in rig.events("drained")] == [0, 0]


async def test_what_was_asked_is_answered_before_closing(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        alice = await rig.enter("alice")
        ids = await alice.send([submit_to(rig.person("alice"), b"x", rng) for _ in range(20)])
        # Until here the relay has not even read them; now it has, and nothing is committed.
        await trio.lowlevel.checkpoint()
        await rig.relay.drain()
        await alice.wait_for_end()
        answers = alice.answers_so_far()
        assert {type(answer) for answer in answers.values()} <= {Accepted}
        assert list(answers) == ids[: len(answers)]
        (closing,) = alice.pushes_so_far()
        assert isinstance(closing, Closing)
        assert await rig.store.count_waiting(rig.person("alice").address) == len(answers)


async def test_nobody_new_is_served(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        await rig.relay.drain()
        client = rig.connect()
        await client.wait_for_end()


async def test_who_takes_nothing_is_cut_off(
    autojump_clock: trio.testing.MockClock, rng: random.Random
) -> None:
    async with relay_rig(rng) as rig:
        client = rig.connect(trio.testing.lockstep_stream_pair)
        await client.greet()
        await client.send_raw(Ping(), 2)
        start = trio.current_time()
        await rig.relay.drain()
        assert trio.current_time() - start <= DRAIN_SECONDS + 1
        assert rig.events("drained")[-1]["cut_off"] == 1
