"""Refusals that may pass: the message stays, is tried again in its time, and holds up no other."""

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import pytest
import trio

from client.engine.outbox_flusher import OutboxFlusher
from client.errors import ExitCode, LocalError, RefusedByRelay, StillQueued
from client.store.transaction import Transaction
from client.values import MessageState, OutboxItem
from protocol.ids import DeviceAddress, FetchId, Name
from protocol.limits import MAX_BUNDLE_AGE_MS
from server.answers import MAILBOX_RETRY_MS, TROUBLE_RETRY_MS
from server.store.interface import NoPrekeys, StoreTrouble
from server.store.memory import MemoryStore
from server.store.values import Acknowledgement, NotStored, Outcome, Submission, TakenBundle
from tests.client.engine.world import small_world
from tests.support.relay_rig import FakeClock

T = TypeVar("T")

BOB, CAROL = Name("bob"), Name("carol")


class MoodyStore(MemoryStore):
    """Refuses mail for some, keys of some, or everything, as long as the test says so."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.full: set[Name] = set()
        self.keyless: set[Name] = set()
        self.is_broken = False
        self.submit_count = 0

    async def settle(
        self, submissions: Sequence[Submission], acknowledgements: Sequence[Acknowledgement]
    ) -> list[Outcome]:
        self.submit_count += len(submissions)
        if self.is_broken:
            raise StoreTrouble("the test broke it")
        taken = [each for each in submissions if each.recipient.name not in self.full]
        outcomes = iter(await super().settle(taken, acknowledgements))
        return [next(outcomes) if each in taken else NotStored.MAILBOX_FULL for each in submissions]

    async def take_bundle(self, owner: DeviceAddress, fetch_id: FetchId) -> TakenBundle:
        if owner.name in self.keyless:
            raise NoPrekeys
        return await super().take_bundle(owner, fetch_id)


async def test_a_full_mailbox_waits_and_others_do_not(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    store = MoodyStore(FakeClock())
    store.full.add(BOB)
    async with (
        small_world(tmp_path, rng, store) as world,
        world.person("alice") as alice,
        world.person("bob") as bob,
        world.person("carol") as carol,
    ):
        stuck = [await alice.engine.send_text(BOB, f"line {number}") for number in range(20)]
        with pytest.raises(RefusedByRelay) as caught:
            await alice.engine.wait_for(stuck[0], MessageState.AT_RELAY, 20)
        assert "too much unread mail" in caught.value.why
        assert "stays queued" in caught.value.hint
        await alice.say("carol", "you are not")
        assert await carol.hears("alice", 1, 5) == ["you are not"]
        assert all(line.state is MessageState.QUEUED for line in await alice.lines("bob"))
        tried = store.submit_count
        await trio.sleep(MAILBOX_RETRY_MS / 1000 / 2)
        # Two receipts of other conversations may pass; bob's twenty lines are left alone.
        assert store.submit_count <= tried + 2
        store.full.clear()
        assert len(await bob.hears("alice", 20, MAILBOX_RETRY_MS / 1000)) == 20
        await alice.all_delivered("bob")


async def test_keys_that_are_not_there_yet_are_asked_for_again(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    store = MoodyStore(FakeClock())
    store.keyless.add(BOB)
    async with (
        small_world(tmp_path, rng, store) as world,
        world.person("alice") as alice,
        world.person("bob") as bob,
    ):
        message_id = await alice.engine.send_text(BOB, "first")
        with pytest.raises(StillQueued, match="cannot be written to yet") as caught:
            await alice.engine.wait_for(message_id, MessageState.AT_RELAY, 20)
        assert caught.value.exit_code is ExitCode.UNREACHABLE
        store.keyless.clear()
        assert await bob.hears("alice", 1, 60) == ["first"]


async def test_keys_too_old_to_use_are_told_in_words_and_fetched_anew_when_their_owner_is_back(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with small_world(tmp_path, rng) as world:
        await world.register("bob")
        world.clock.advance(MAX_BUNDLE_AGE_MS + 1)
        async with world.person("alice") as alice:
            message_id = await alice.engine.send_text(BOB, "back from the ice?")
            with pytest.raises(RefusedByRelay, match="signed prekey is too old") as caught:
                await alice.engine.wait_for(message_id, MessageState.AT_RELAY, 20)
            assert "has not been online for weeks" in caught.value.why
            assert "Ask bob to come online" in caught.value.hint
            async with world.engine("bob") as bob:
                await bob.engine.wait_online(20)
                assert await bob.hears("alice", 1, 1_300) == ["back from the ice?"]


async def test_a_relay_with_a_broken_disk_gets_everything_when_it_works_again(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    store = MoodyStore(FakeClock())
    async with (
        small_world(tmp_path, rng, store) as world,
        world.person("alice") as alice,
        world.person("bob") as bob,
    ):
        await alice.say("bob", "before")
        await bob.hears("alice", 1)
        store.is_broken = True
        await alice.say("bob", *(f"line {number}" for number in range(10)))
        await trio.sleep(5)
        assert await bob.heard("alice") == ["before"]
        store.is_broken = False
        heard = await bob.hears("alice", 11, 3 * TROUBLE_RETRY_MS / 1000)
        assert heard[1:] == [f"line {number}" for number in range(10)]
        await alice.all_delivered("bob")
        assert alice.engine.last_problem is None


async def test_an_unknown_name_fails_with_its_reason_also_before_the_row_says_so(
    autojump_clock: object, tmp_path: Path, rng: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refusal is known in memory a moment before it is on disk."""
    async with small_world(tmp_path, rng) as world, world.person("alice") as alice:
        shared = alice.engine._shared
        write, looks = shared.write, 0

        async def slow_write(function: Callable[[Transaction], T], *, quietly: bool = False) -> T:
            nonlocal looks
            if alice.engine._fetcher.holdoffs.of(BOB) is not None:
                looks += 1
                shared.changed.ring()
                await trio.sleep(1)
            return await write(function, quietly=quietly)

        monkeypatch.setattr(type(shared), "write", staticmethod(slow_write))
        message_id = await alice.engine.send_text(BOB, "who?")
        with pytest.raises(RefusedByRelay, match="no account named bob") as caught:
            await alice.engine.wait_for(message_id, MessageState.AT_RELAY, 20)
        assert looks
        assert "queued" not in caught.value.hint
        (line,) = await alice.lines("bob")
        assert line.state is MessageState.FAILED


async def test_a_message_that_failed_says_what_to_do_next(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with small_world(tmp_path, rng) as world, world.person("alice") as alice:
        message_id = await alice.engine.send_text(BOB, "who?")
        with pytest.raises(RefusedByRelay):
            await alice.engine.wait_for(message_id, MessageState.FAILED, 20)
        alice.engine._fetcher.holdoffs.lift(BOB)  # as for a known peer: nothing was fetched
        with pytest.raises(RefusedByRelay, match="no account named bob") as caught:
            await alice.engine.wait_for(message_id, MessageState.AT_RELAY, 20)
        assert "glasspost status" in caught.value.hint


async def test_a_database_that_fails_ends_the_wait_at_once(
    autojump_clock: object, tmp_path: Path, rng: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(_self: OutboxFlusher, _tx: Transaction) -> list[OutboxItem]:
        raise LocalError("The database of this profile is damaged.")

    async with small_world(tmp_path, rng) as world, world.person("alice") as alice:
        await alice.engine.wait_online(20)
        monkeypatch.setattr(OutboxFlusher, "_next_batch", damaged)
        message_id = await alice.engine.send_text(BOB, "hello?")
        began = trio.current_time()
        with pytest.raises(LocalError, match="damaged"):
            await alice.engine.wait_for(message_id, MessageState.AT_RELAY, 20)
        assert trio.current_time() - began < 1


async def test_refused_first_messages_are_no_loss_for_one_who_registers_later(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with small_world(tmp_path, rng) as world, world.person("alice") as alice:
        for number in range(3):
            message_id = await alice.engine.send_text(BOB, f"too early {number}")
            with pytest.raises(RefusedByRelay):
                await alice.engine.wait_for(message_id, MessageState.AT_RELAY, 20)
        async with world.person("bob") as bob:
            await alice.say("bob", "now")
            assert await bob.hears("alice", 1) == ["now"]
            (line,) = await bob.lines("alice")
            assert line.missing_before == 0
