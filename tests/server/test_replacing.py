"""A device takes another one's place: through the relay, as both devices see it."""

import random
from collections.abc import Awaitable
from dataclasses import replace
from typing import TypeVar

import pytest
import trio
import trio.testing

from protocol.ids import DeviceAddress, FetchId
from protocol.wire.messages import (
    Accepted,
    BundleFetched,
    Deliver,
    DeviceReplaced,
    FetchBundle,
    Found,
    LoggedIn,
    LookUp,
    Ping,
    Pong,
    PrekeysStored,
    Refusal,
    Refused,
    Replaced,
    SetToken,
    Subscribe,
    Subscribed,
    TokenSet,
    token_hash,
)
from server.store.interface import BadToken
from server.store.memory import MemoryStore
from server.store.values import PrekeyUpload, StoredAccount
from tests.support.relay_rig import FakeClock, RelayRig, relay_rig
from tests.support.replacements import on_a_new_device, replacement
from tests.support.wire_client import Person, WireClient, submit_to

BAD_REPLACEMENT = Refused(Refusal.BAD_REPLACEMENT, None)
DEVICE_REPLACED = Refused(Refusal.DEVICE_REPLACED, None)
UNKNOWN_ACCOUNT = Refused(Refusal.UNKNOWN_ACCOUNT, None)
TOKEN = b"t" * 16

T = TypeVar("T")


async def registered(rig: RelayRig, name: str = "bob") -> Person:
    """Somebody who is not online."""
    await rig.store.register(rig.person(name).account)
    return rig.person(name)


async def take_place(
    rig: RelayRig, old: Person, new: Person, generation: int = 1
) -> tuple[WireClient, object]:
    """Ask on a connection of its own; give that and the answer."""
    client = await rig.greeted()
    return client, await client.ask(replacement(old, new, client.welcome, generation))


async def on_record(rig: RelayRig, person: Person) -> StoredAccount:
    return await rig.store.find_account(person.address)


# --- looking up -------------------------------------------------------------


@pytest.mark.parametrize("logged_in", [False, True])
async def test_anybody_may_look_an_account_up(rng: random.Random, logged_in: bool) -> None:
    async with relay_rig(rng) as rig:
        account = (await registered(rig)).account
        client = await (rig.enter("alice") if logged_in else rig.greeted())
        found = await client.ask(LookUp(account.name, 1))
        assert found == Found(account.identity, account.account_key, 1)
        for nobody in (LookUp(account.name, 2), LookUp(rig.person("nobody").name, 1)):
            assert await client.ask(nobody) == UNKNOWN_ACCOUNT
        await client.ask_for(Pong, Ping())


# --- taking the place -------------------------------------------------------


async def test_the_new_device_is_logged_in_and_can_be_written_to(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        old = await registered(rig)
        new = on_a_new_device(old)
        client, answer = await take_place(rig, old, new)
        assert answer == Replaced(2)
        assert await client.ask(new.prekeys(1, 30)) == PrekeysStored(30)
        await client.ask_for(TokenSet, SetToken(token_hash(TOKEN)))
        await client.ask_for(Subscribed, Subscribe())
        alice = await rig.enter("alice")
        fetched = await alice.ask_for(BundleFetched, FetchBundle(old.name, 1, FetchId(TOKEN), None))
        assert fetched.bundle.identity == new.account.identity
        await alice.ask_for(Accepted, submit_to(old, b"sealed", rng))
        assert (await client.next_mail()).envelope == b"sealed"
        again = await rig.greeted()
        assert await again.ask(new.login(again.welcome)) == LoggedIn(2, 29)


async def test_the_old_device_hears_of_it_everywhere_and_is_cut_off(rng: random.Random) -> None:
    async with relay_rig(rng, takeover_hold_ms=0) as rig:
        idle, receiving = await rig.enter("bob"), await rig.enter("bob")
        await receiving.ask_for(Subscribed, Subscribe())
        bob = rig.person("bob")
        client, answer = await take_place(rig, bob, on_a_new_device(bob))
        assert answer == Replaced(2)
        for each in (idle, receiving):
            await each.wait_for_end()
            assert each.pushes_so_far() == [DeviceReplaced()]
        await client.ask_for(Subscribed, Subscribe())
        await (await rig.enter("alice")).ask_for(Accepted, submit_to(bob, b"sealed", rng))
        assert isinstance(await client.next_push(), Deliver)


async def test_the_old_identity_is_told_why_it_cannot_come_in(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        first = await registered(rig)
        second, third = on_a_new_device(first), on_a_new_device(first)
        await take_place(rig, first, second)
        await rig.settle()
        assert (await take_rather_late(rig, second, third)) == Replaced(3)
        for gone in (first, second):
            client = await rig.greeted()
            assert await client.ask(gone.login(client.welcome)) == DEVICE_REPLACED
            await client.wait_for_end()
            client = await rig.greeted()
            assert await client.ask(gone.register(client.welcome)) == DEVICE_REPLACED
            await client.wait_for_end()
        stranger, client = Person.called("bob", rng), await rig.greeted()
        answer = await client.ask(stranger.login(client.welcome))
        assert answer == Refused(Refusal.BAD_LOGIN, None)


async def take_rather_late(rig: RelayRig, old: Person, new: Person) -> object:
    """Take a second place once the device that took the first was away for long."""
    for connection in list(rig.relay._connections.values()):
        connection.cancel()
    await rig.settle()
    await rig.relay._write_down_who_was_here()
    rig.clock.advance(30 * 86_400_000)
    return (await take_place(rig, old, new, generation=2))[1]


async def test_a_lost_answer_is_found_out(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        old = await registered(rig)
        new = on_a_new_device(old)
        client = await rig.greeted()
        await client.send([replacement(old, new, client.welcome)])
        await client.aclose()
        await rig.settle()
        client, answer = await take_place(rig, old, new)
        assert answer == BAD_REPLACEMENT
        client = await rig.greeted()
        found = await client.ask_for(Found, LookUp(old.name, 1))
        assert found == Found(new.account.identity, new.account.account_key, 2)
        await client.ask_for(LoggedIn, new.login(client.welcome))


# --- P5: refused, and nothing has changed -----------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"account_signature": bytes(64)},
        {"identity_signature": bytes(64)},
        {"generation": 0},
        {"generation": 2},
        {"generation": (1 << 64) - 1},
        {"new_identity": b"n" * 32},
        {"new_account_key": b"k" * 32},
    ],
    ids=lambda change: "-".join(change),
)
async def test_p5_a_changed_statement_changes_nothing(
    rng: random.Random, change: dict[str, object]
) -> None:
    async with relay_rig(rng) as rig:
        bob = await registered(rig)
        before = await on_record(rig, bob)
        client = await rig.greeted()
        good = replacement(bob, on_a_new_device(bob), client.welcome)
        answer = await client.ask(replace(good, **change))  # type: ignore[arg-type]
        assert answer == BAD_REPLACEMENT
        await client.wait_for_end()
        assert await on_record(rig, bob) == before


@pytest.mark.parametrize(
    "signer", ["a stranger's account key", "another old identity", "exchanged", "another relay"]
)
async def test_p5_a_statement_by_other_keys_changes_nothing(
    rng: random.Random, signer: str
) -> None:
    async with relay_rig(rng) as rig:
        bob = await registered(rig)
        before, stranger = await on_record(rig, bob), Person.called("bob", rng)
        new, client = on_a_new_device(bob), await rig.greeted()
        good = replacement(bob, new, client.welcome)
        bad = {
            "a stranger's account key": replacement(
                replace(bob, account_key=stranger.account_key), new, client.welcome
            ),
            "another old identity": replacement(
                replace(bob, identity=stranger.identity), new, client.welcome
            ),
            "exchanged": replace(
                good,
                account_signature=good.identity_signature,
                identity_signature=good.account_signature,
            ),
            "another relay": replacement(bob, new, client.welcome, relay_key=b"m" * 32),
        }[signer]
        assert await client.ask(bad) == BAD_REPLACEMENT
        assert await on_record(rig, bob) == before


async def test_p5_a_statement_serves_on_its_own_connection_only(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        bob = await registered(rig)
        before = await on_record(rig, bob)
        one, other = await rig.greeted(), await rig.greeted()
        overheard = replacement(bob, on_a_new_device(bob), one.welcome)
        assert await other.ask(overheard) == BAD_REPLACEMENT
        assert await on_record(rig, bob) == before


async def test_p5_nobody_takes_a_place_that_is_not_there(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        bob = await registered(rig)
        for name, device in ((rig.person("nobody").name, 1), (bob.name, 2)):
            client = await rig.greeted()
            statement = replacement(bob, on_a_new_device(bob), client.welcome)
            assert await client.ask(replace(statement, name=name, device=device)) == UNKNOWN_ACCOUNT
            await client.wait_for_end()


# --- beside the transaction -------------------------------------------------


class HesitantStore(MemoryStore):
    """Lets a test come in between, as a thread would that cannot be called back."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.goes_on = trio.Event()

    async def count_one_time_pairs(self, owner: DeviceAddress) -> int:
        return await self._later(super().count_one_time_pairs(owner))

    async def put_prekeys(
        self, owner: DeviceAddress, upload: PrekeyUpload, only_for: bytes | None = None
    ) -> int:
        return await self._later(super().put_prekeys(owner, upload, only_for))

    async def set_token(
        self, owner: DeviceAddress, token_hash: bytes, only_for: bytes | None = None
    ) -> None:
        await self._later(super().set_token(owner, token_hash, only_for))

    async def _later(self, work: Awaitable[T]) -> T:
        with trio.CancelScope(shield=True):
            await self.goes_on.wait()
            return await work
        raise AssertionError("a shield lets nothing through")


@pytest.mark.parametrize("what", ["prekeys", "token"])
async def test_p5_what_the_old_device_had_begun_leaves_nothing(
    rng: random.Random, what: str
) -> None:
    clock = FakeClock()
    store = HesitantStore(clock)
    store.goes_on.set()
    async with relay_rig(rng, store, clock, takeover_hold_ms=0) as rig:
        bob, old = rig.person("bob"), await rig.enter("bob")
        store.goes_on = trio.Event()
        await old.send([bob.prekeys(1, 3) if what == "prekeys" else SetToken(token_hash(TOKEN))])
        await rig.settle()
        assert (await take_place(rig, bob, on_a_new_device(bob)))[1] == Replaced(2)
        store.goes_on.set()
        await old.wait_for_end()
        assert await store.count_one_time_pairs(bob.address) == 0
        with pytest.raises(BadToken):
            await store.require_token(bob.address, token_hash(TOKEN))


async def test_p5_a_device_that_does_not_listen_is_replaced_all_the_same(
    rng: random.Random,
) -> None:
    """It does not take an answer, so it cannot hear the last word; what it says is not done."""
    async with relay_rig(rng, takeover_hold_ms=0) as rig:
        bob, alice = rig.person("bob"), await registered(rig, "alice")
        old = rig.connect(trio.testing.lockstep_stream_pair)
        await old.enter(bob)
        ids = await old.send([Ping()])
        await rig.settle()
        assert (await take_place(rig, bob, on_a_new_device(bob)))[1] == Replaced(2)
        await old.send([submit_to(alice, b"sealed", rng)])
        await rig.settle()
        assert await rig.store.count_waiting(alice.address) == 0
        assert await old.answers(ids) == [Pong(rig.clock())]
        await old.wait_for_end()
        assert old.pushes_so_far() == [DeviceReplaced()]


@pytest.mark.parametrize("by", ["login", "register"])
async def test_a_login_that_was_checked_before_the_swap_is_refused_behind_it(
    rng: random.Random, by: str
) -> None:
    clock = FakeClock()
    store = HesitantStore(clock)
    async with relay_rig(rng, store, clock) as rig:
        bob = await registered(rig)
        late = await rig.greeted()
        request = bob.login(late.welcome) if by == "login" else bob.register(late.welcome)
        ids = await late.send([request])
        await rig.settle()
        assert (await take_place(rig, bob, on_a_new_device(bob)))[1] == Replaced(2)
        store.goes_on.set()
        assert await late.answers(ids) == [DEVICE_REPLACED]
        await late.wait_for_end()
