"""Several processes of one profile: one receives, each may send, nobody misses anything."""

import random
from pathlib import Path

import trio

from client.engine.status import ReceiverSeat
from client.values import HistoryChanged, MessageState
from protocol.ids import Name
from protocol.wire.messages import Message, Subscribe
from tests.client.engine.world import Person, small_world
from tests.support.watched_stream import WatchedStream

ALICE, BOB = Name("alice"), Name("bob")


async def seat(person: Person) -> ReceiverSeat:
    return (await person.engine.status()).receiver


async def test_one_of_two_subscribes_and_the_other_follows(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    subscribed: list[Message] = []

    def watch(stream: trio.abc.Stream) -> trio.abc.Stream:
        return WatchedStream(
            stream, lambda _, message: subscribed.extend([message] * isinstance(message, Subscribe))
        )

    async with small_world(tmp_path, rng) as world, world.person("alice") as alice:
        await world.register("bob")
        world.wrap = watch
        async with world.engine("bob") as first, world.engine("bob") as second:
            await first.engine.wait_online(20)
            await second.engine.wait_online(20)
            assert await seat(first) is ReceiverSeat.THIS_PROCESS
            assert await seat(second) is ReceiverSeat.ANOTHER_PROCESS
            async with second.engine.events() as events:
                await alice.say("bob", "to both")
                await first.hears("alice", 1)
                assert await second.hears("alice", 1) == ["to both"]
                with trio.fail_after(5):
                    while await events.receive() != HistoryChanged(ALICE):
                        pass
            await second.say("alice", "from the second")
            assert await alice.hears("bob", 1) == ["from the second"]
            # Its delivery is receipted to the process that receives; the other sees it too.
            await second.all_delivered("alice")
    assert len(subscribed) == 1


async def test_the_second_inherits_when_the_first_ends(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with small_world(tmp_path, rng) as world, world.person("alice") as alice:
        await world.register("bob")
        async with trio.open_nursery() as nursery:
            first_done, second_ready = trio.Event(), trio.Event()

            async def first() -> None:
                async with world.engine("bob") as bob:
                    await alice.say("bob", "one")
                    await bob.hears("alice", 1)
                    await second_ready.wait()
                    assert await seat(bob) is ReceiverSeat.THIS_PROCESS
                first_done.set()

            nursery.start_soon(first)
            await trio.sleep(1)
            async with world.engine("bob") as second_in_line:
                await second_in_line.engine.wait_online(20)
                second_ready.set()
                await first_done.wait()
                await alice.say("bob", "two")
                assert await second_in_line.hears("alice", 2) == ["one", "two"]
                assert await seat(second_in_line) is ReceiverSeat.THIS_PROCESS
                await alice.all_delivered("bob")


async def test_both_flush_the_same_outbox_and_nothing_comes_twice(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    texts = [f"line {number}" for number in range(40)]
    async with small_world(tmp_path, rng) as world, world.person("bob") as bob:
        await world.register("alice")
        await world.kill_relay()
        async with world.engine("alice") as one, world.engine("alice") as other:
            await one.say("bob", *texts[:20])
            await other.say("bob", *texts[20:])
            await world.start_relay()
            assert await bob.hears("alice", 40) == texts
            await one.all_delivered("bob")
            assert await bob.heard("alice") == texts


async def test_one_shot_send_beside_a_running_chat(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with (
        small_world(tmp_path, rng) as world,
        world.person("bob") as bob,
        world.person("alice") as chat,
    ):
        await chat.say("bob", "chat")
        await bob.hears("alice", 1)
        async with world.engine("alice", receive=False) as shot:
            message_id = await shot.engine.send_text(BOB, "shot")
            state = await shot.engine.wait_for(message_id, MessageState.DELIVERED, 60)
            assert state is MessageState.DELIVERED
            assert await seat(shot) is ReceiverSeat.ANOTHER_PROCESS
        assert await bob.heard("alice") == ["chat", "shot"]
        assert [entry.text for entry in await chat.lines("bob")] == ["chat", "shot"]


async def test_without_receive_nothing_is_taken(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with small_world(tmp_path, rng) as world, world.person("alice") as alice:
        await world.register("bob")
        async with world.engine("bob", receive=False) as shot:
            await alice.say("bob", "wait for me")
            await shot.engine.wait_online(20)
            await trio.sleep(30)
            assert await shot.heard("alice") == []
            assert await seat(shot) is ReceiverSeat.NOBODY
        async with world.engine("bob") as bob:
            assert await bob.hears("alice", 1) == ["wait for me"]
