"""A question about a changed key can be answered both ways, and a lie that ends closes it."""

import random
from pathlib import Path

import pytest
import trio

from client.errors import LocalError, TrustOpen
from client.messaging.trust import OpenQuestion
from client.values import MessageState
from protocol.ids import Name
from tests.client.engine.test_trust import TwoFacedStore, begin_to_lie, lying_world, verify
from tests.client.engine.world import Person, World

BOB = Name("bob")


async def be_asked(world: World, alice: Person, text: str = "secret") -> None:
    """Let the relay lie about a verified contact until the question is open, then be honest."""
    assert isinstance(world.store, TwoFacedStore)
    await alice.say("bob", "hello")
    await alice.all_delivered("bob")
    await verify(alice)
    begin_to_lie(world)
    message_id = await alice.engine.send_text(BOB, text)
    with pytest.raises(TrustOpen, match="another identity key") as caught:
        await alice.engine.wait_for(message_id, MessageState.AT_RELAY, 20)
    assert "glasspost trust bob" in caught.value.hint
    world.store.lies = False


async def test_p7_keeping_the_expected_key_sends_what_waited(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with (
        lying_world(tmp_path, rng) as world,
        world.person("alice") as alice,
        world.person("bob") as bob,
    ):
        expected = await _number_after_hello(alice)
        await be_asked(world, alice)
        question = await alice.engine.trust.question(BOB)
        assert isinstance(question, OpenQuestion)
        assert question.expected == expected
        assert question.shown != expected
        await alice.engine.trust.keep(BOB)
        assert await bob.hears("alice", 3) == ["first", "hello", "secret"]
        assert await alice.engine.trust.question(BOB) is None
        assert await alice.engine.trust.safety_number(BOB) == expected
        with pytest.raises(LocalError, match="no question"):
            await alice.engine.trust.keep(BOB)


async def test_p7_accepting_unchecked_verifies_nothing(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with (
        lying_world(tmp_path, rng) as world,
        world.person("alice") as alice,
        world.person("bob"),
    ):
        with pytest.raises(LocalError, match="no question"):
            await alice.engine.trust.accept(BOB)
        await alice.say("bob", "first")
        await alice.all_delivered("bob")
        await be_asked(world, alice)
        (before,) = await alice.engine.contacts()
        await alice.engine.trust.accept(BOB)
        (contact,) = await alice.engine.contacts()
        assert contact.identity == before.pending_identity
        assert not contact.verified
        assert contact.pending_identity is None


async def test_p7_the_answer_is_for_the_question_that_was_shown(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with (
        lying_world(tmp_path, rng) as world,
        world.person("alice") as alice,
        world.person("bob"),
        world.engine("alice", receive=False) as other,
    ):
        await be_asked(world, alice)
        assert await other.engine.trust.question(BOB) is not None
        await alice.engine.trust.keep(BOB)
        with pytest.raises(LocalError, match="not the one that was shown"):
            await other.engine.trust.accept(BOB)


async def test_p7_the_expected_key_at_the_next_login_closes_the_question(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with (
        lying_world(tmp_path, rng) as world,
        world.person("alice") as alice,
        world.person("bob") as bob,
    ):
        await be_asked(world, alice)
        await trio.sleep(100)
        assert (await alice.engine.status()).open_questions == (BOB,)
        await world.kill_relay()
        await world.start_relay()
        assert await bob.hears("alice", 2) == ["hello", "secret"]
        assert (await alice.engine.status()).open_questions == ()
        notices = [entry.text for entry in await alice.engine.history(BOB, 100)]
        assert any("shows the expected identity key of bob again" in text for text in notices)


async def test_p7_a_relay_that_goes_on_lying_asks_no_second_time(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with (
        lying_world(tmp_path, rng) as world,
        world.person("alice") as alice,
        world.person("bob") as bob,
    ):
        await be_asked(world, alice)
        assert isinstance(world.store, TwoFacedStore)
        world.store.lies = True
        before = await alice.engine.history(BOB, 100)
        await world.kill_relay()
        await world.start_relay()
        await trio.sleep(300)
        assert (await alice.engine.status()).open_questions == (BOB,)
        assert len(await alice.engine.history(BOB, 100)) == len(before)
        assert await bob.heard("alice") == ["hello"]


async def _number_after_hello(alice: Person) -> str:
    await alice.say("bob", "first")
    await alice.all_delivered("bob")
    return await alice.engine.trust.safety_number(BOB)
