"""A contact's key has changed.

Verified: nothing goes out before a person has decided. Not verified: a notice, and the conversation
goes on, but without what was written before.
"""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from client.errors import ExitCode, LocalError, TrustOpen
from client.messaging.trust import ResendQuestion
from client.values import MessageState, TrustQuestion
from protocol.ids import DeviceAddress, FetchId, Name
from protocol.limits import PREKEY_ROTATION_MS
from server.store.memory import MemoryStore
from server.store.values import SealingKeyOnRecord, TakenBundle
from tests.client.engine.world import Person, World, small_world
from tests.support.relay_rig import FakeClock

ALICE, BOB = Name("alice"), Name("bob")


class TwoFacedStore(MemoryStore):
    """Shows the keys of another store while it lies."""

    def __init__(self, clock: FakeClock, other: MemoryStore) -> None:
        super().__init__(clock)
        self.other = other
        self.lies = False

    async def take_bundle(self, owner: DeviceAddress, fetch_id: FetchId) -> TakenBundle:
        if self.lies:
            return await self.other.take_bundle(owner, fetch_id)
        return await super().take_bundle(owner, fetch_id)

    async def sealing_key(self, owner: DeviceAddress) -> SealingKeyOnRecord:
        if self.lies:
            return await self.other.sealing_key(owner)
        return await super().sealing_key(owner)


@asynccontextmanager
async def lying_world(tmp_path: Path, rng: random.Random) -> AsyncIterator[World]:
    """Give a world whose relay has another bob's keys up its sleeve."""
    clock = FakeClock()
    other = MemoryStore(clock)
    async with small_world(tmp_path / "mallory", rng, other) as world:
        await world.register("bob")
    async with small_world(tmp_path / "honest", rng, TwoFacedStore(clock, other)) as world:
        world.clock = clock
        yield world


def begin_to_lie(world: World) -> None:
    """Let the sealing keys grow old, and show other ones from now on."""
    assert isinstance(world.store, TwoFacedStore)
    world.clock.advance(3 * PREKEY_ROTATION_MS)
    world.store.lies = True


async def verify(person: Person) -> None:
    """Compare numbers with bob."""
    await person.engine.trust.safety_number(BOB)
    await person.engine.trust.verify(BOB)


async def test_p7_swapped_keys_are_a_question_and_nothing_is_sent(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with (
        lying_world(tmp_path, rng) as world,
        world.person("alice") as alice,
        world.person("bob") as bob,
    ):
        await alice.say("bob", "hello")
        await alice.all_delivered("bob")
        await verify(alice)
        begin_to_lie(world)
        async with alice.engine.events() as events:
            message_id = await alice.engine.send_text(BOB, "secret")
            with pytest.raises(TrustOpen, match="another identity key") as caught:
                await alice.engine.wait_for(message_id, MessageState.AT_RELAY, 20)
            assert caught.value.exit_code is ExitCode.TRUST
            with trio.fail_after(5):
                while await events.receive() != TrustQuestion(BOB, verified=True):
                    pass
        await trio.sleep(100)
        assert (await alice.lines("bob"))[-1].state is MessageState.QUEUED
        assert await bob.heard("alice") == ["hello"]
        assert (await alice.engine.status()).open_questions == (BOB,)


async def test_what_is_verified_is_the_number_that_was_shown(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with (
        lying_world(tmp_path, rng) as world,
        world.person("alice") as alice,
        world.person("bob") as bob,
    ):
        await alice.say("bob", "hello")
        await alice.all_delivered("bob")
        with pytest.raises(LocalError, match="was shown yet"):
            await alice.engine.trust.verify(BOB)
        ours = await alice.engine.trust.safety_number(BOB)
        assert ours == await bob.engine.trust.safety_number(ALICE)
        await alice.engine.trust.verify(BOB)
        begin_to_lie(world)
        message_id = await alice.engine.send_text(BOB, "secret")
        with pytest.raises(TrustOpen):
            await alice.engine.wait_for(message_id, MessageState.AT_RELAY, 20)
        # What was compared is the pinned key; the one in question is not accepted with it.
        await alice.engine.trust.verify(BOB)
        (contact,) = await alice.engine.contacts()
        assert contact.verified
        assert contact.pending_identity is not None
        assert await alice.engine.trust.safety_number(BOB) != ours


async def test_another_process_hears_of_the_question(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with (
        lying_world(tmp_path, rng) as world,
        world.person("alice") as alice,
        world.person("bob"),
        world.engine("alice", receive=False) as other,
    ):
        await alice.say("bob", "hello")
        await alice.all_delivered("bob")
        await verify(alice)
        begin_to_lie(world)
        async with alice.engine.events() as here, other.engine.events() as there:
            await other.say("bob", "secret")
            for events in (here, there):
                with trio.fail_after(20):
                    while await events.receive() != TrustQuestion(BOB, verified=True):
                        pass


async def test_p7_unverified_the_notice_comes_first_and_texts_from_before_wait(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with (
        lying_world(tmp_path, rng) as world,
        world.person("alice") as alice,
        world.person("bob") as bob,
    ):
        await alice.say("bob", "hello")
        await alice.all_delivered("bob")
        before = await alice.engine.trust.safety_number(BOB)
        begin_to_lie(world)
        from_before = await alice.engine.send_text(BOB, "secret")
        with pytest.raises(TrustOpen, match="was written before that") as caught:
            await alice.engine.wait_for(from_before, MessageState.AT_RELAY, 20)
        assert "glasspost trust bob" in caught.value.hint
        assert await alice.engine.trust.safety_number(BOB) != before
        assert (await alice.engine.status()).open_questions == (BOB,)

        told = [entry.text for entry in await alice.engine.untold_notices(BOB)]
        assert len(told) == 1
        assert told[0].startswith("bob's key has changed")
        await alice.read_notices("bob")
        on_purpose = await alice.engine.send_text(BOB, "written after the notice")
        state = await alice.engine.wait_for(on_purpose, MessageState.AT_RELAY, 20)
        assert state is MessageState.AT_RELAY
        await trio.sleep(100)
        states = {entry.text: entry.state for entry in await alice.lines("bob")}
        assert states["secret"] is MessageState.QUEUED

        await alice.engine.trust.question(BOB)
        await alice.engine.trust.accept(BOB)
        await alice.engine.wait_for(from_before, MessageState.AT_RELAY, 20)
        assert (await alice.engine.status()).open_questions == ()
        assert await bob.heard("alice") == ["hello"], "none of it is for the old key"


async def test_p7_a_change_that_another_process_took_unseen_holds_the_next_text_back(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with (
        lying_world(tmp_path, rng) as world,
        world.person("alice") as alice,
        world.person("bob"),
        world.engine("alice", receive=False) as other,
    ):
        await alice.say("bob", "hello")
        await alice.all_delivered("bob")
        begin_to_lie(world)
        await alice.say("bob", "what makes the one process ask for keys")
        await trio.sleep(30)
        unseen = await other.engine.send_text(BOB, "secret")
        with pytest.raises(TrustOpen, match="before that was told"):
            await other.engine.wait_for(unseen, MessageState.AT_RELAY, 20)
        await other.read_notices("bob")
        seen = await alice.engine.send_text(BOB, "to the new key")
        await alice.engine.wait_for(seen, MessageState.AT_RELAY, 20)
        await trio.sleep(100)
        states = {entry.text: entry.state for entry in await alice.lines("bob")}
        assert states["secret"] is MessageState.QUEUED


async def test_p7_two_processes_take_one_change_once(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with (
        lying_world(tmp_path, rng) as world,
        world.person("alice") as alice,
        world.person("bob"),
        world.engine("alice", receive=False) as other,
    ):
        await alice.say("bob", "hello")
        await alice.all_delivered("bob")
        begin_to_lie(world)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(alice.say, "bob", "here")
            nursery.start_soon(other.say, "bob", "there")
        await trio.sleep(30)
        notices = [
            entry.text
            for entry in await other.engine.history(BOB, 100)
            if "bob's key has changed" in entry.text
        ]
        assert len(notices) == 1
        question = await other.engine.trust.question(BOB)
        assert isinstance(question, ResendQuestion)
        await alice.engine.trust.keep(BOB)
        with pytest.raises(LocalError, match="not the one that was shown"):
            await other.engine.trust.accept(BOB)
        states = {entry.text: entry.state for entry in await alice.lines("bob")}
        assert states["here"] is states["there"] is MessageState.FAILED
