"""A device takes another one's place: through the relay, as both devices see it."""

import random

import pytest

from protocol.ids import FetchId
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
from tests.server.replacing_rig import (
    BAD_REPLACEMENT,
    DEVICE_REPLACED,
    TOKEN,
    UNKNOWN_ACCOUNT,
    registered,
    take_place,
)
from tests.support.relay_rig import RelayRig, relay_rig
from tests.support.replacements import on_a_new_device, replacement
from tests.support.wire_client import Person, submit_to


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
