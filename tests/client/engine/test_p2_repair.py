"""P2 through engines and a relay: what did not open comes again, by itself."""

import random
import shutil
from pathlib import Path

import trio

from client.values import EntryKind
from tests.client.engine.world import Person, World, small_world


async def talk(alice: Person, bob: Person, name: str, count: int) -> None:
    """Let both write ``count`` texts by turns, and hear them."""
    for number in range(count):
        for speaker, listener in ((alice, bob), (bob, alice)):
            await say_and_be_heard(speaker, listener, f"{name} {number}")
    for speaker, listener in ((alice, bob), (bob, alice)):
        await speaker.all_delivered(listener.name)


async def say_and_be_heard(speaker: Person, listener: Person, text: str) -> None:
    """Wait until this very text is there: a line that cannot be opened may come before it."""
    await speaker.say(listener.name, text)
    await listener._until(lambda: listener.heard(speaker.name), lambda heard: text in heard, 600)


async def unreadable(person: Person, peer: Person) -> int:
    lines = await person.lines(peer.name)
    return sum(line.kind is EntryKind.UNREADABLE for line in lines)


async def test_p2_lost_sessions_are_replaced_and_the_messages_come_again(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with (
        small_world(tmp_path, rng) as world,
        world.person("alice") as alice,
        world.person("bob") as bob,
    ):
        await talk(alice, bob, "before", 2)
        await bob.engine._shared.write(lambda tx: tx.execute("DELETE FROM sessions"))
        await alice.say("bob", "one")
        await say_and_be_heard(alice, bob, "two")
        await alice.all_delivered("bob")
        await talk(alice, bob, "after", 2)
        assert await unreadable(bob, alice) == await unreadable(alice, bob) == 0
        repaired = [line.text for line in await bob.lines("alice") if line.repaired]
        assert repaired == ["one", "two"]


async def test_p2_a_profile_folder_put_back_goes_on(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with small_world(tmp_path, rng) as world, world.person("alice") as alice:
        async with world.person("bob") as bob:
            await talk(alice, bob, "before", 2)
        copy_folder(world, "bob", "copy")
        async with world.engine("bob") as bob:
            await talk(alice, bob, "lost with the disk", 2)
        copy_folder(world, "copy", "bob")
        async with world.engine("bob") as bob:
            await trio.sleep(5)
            await say_and_be_heard(alice, bob, "still there?")
            await say_and_be_heard(bob, alice, "yes")
            await talk(alice, bob, "after", 1)
            for person, peer in ((alice, bob), (bob, alice)):
                texts = await person.heard(peer.name)
                assert len(set(texts)) == len(texts)
                assert await unreadable(person, peer) <= 1


def copy_folder(world: World, source: str, target: str) -> None:
    shutil.rmtree(world.home / target, ignore_errors=True)
    shutil.copytree(world.home / source, world.home / target)
