"""A device that was online lately is asked before another one takes its place."""

import random
from dataclasses import replace

import pytest
import trio

from protocol.limits import HELD_REPLACEMENT_LIFE_MS, RECENTLY_ONLINE_MS, TAKEOVER_HOLD_MS
from protocol.wire.messages import (
    DeviceReplaced,
    LoggedIn,
    Ping,
    Pong,
    Refusal,
    Refused,
    Replaced,
    ReplacementAnnounced,
    ReplacementHeld,
    Subscribe,
    Subscribed,
    Vetoed,
)
from server.relay import PRESENCE_INTERVAL_SECONDS
from tests.server.replacing_rig import BAD_REPLACEMENT, on_record, registered, take_place
from tests.support.relay_rig import RelayRig, relay_rig
from tests.support.replacements import on_a_new_device, veto
from tests.support.wire_client import Person, WireClient


async def bob_is_here(rig: RelayRig) -> tuple[Person, Person, WireClient]:
    """Bob, his next device, and a connection of the present one."""
    return rig.person("bob"), on_a_new_device(rig.person("bob")), await rig.enter("bob")


def announced(new: Person, rig: RelayRig) -> ReplacementAnnounced:
    """What the old device hears of a hold that begins now."""
    return ReplacementAnnounced(new.account.identity, rig.clock() + TAKEOVER_HOLD_MS)


async def test_the_swap_waits_and_the_old_device_is_told_at_once(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        bob, new, online = await bob_is_here(rig)
        client, answer = await take_place(rig, bob, new)
        assert answer == ReplacementHeld(rig.clock() + TAKEOVER_HOLD_MS)
        await client.wait_for_end()
        assert await online.next_push() == announced(new, rig)
        await online.ask_for(Pong, Ping())
        assert (await on_record(rig, bob)).identity == bob.account.identity


async def test_who_logs_in_while_one_is_held_is_told(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        bob, new, online = await bob_is_here(rig)
        told = announced(new, rig)
        await take_place(rig, bob, new)
        await online.aclose()
        for late_ms in (0, TAKEOVER_HOLD_MS + HELD_REPLACEMENT_LIFE_MS - 1):
            rig.clock.advance(late_ms)
            client = await rig.greeted()
            await client.ask_for(LoggedIn, bob.login(client.welcome))
            assert await client.next_push() == told
            await client.ask_for(Subscribed, Subscribe())
            await client.aclose()
        rig.clock.advance(1)
        client = await rig.greeted()
        await client.ask_for(LoggedIn, bob.login(client.welcome))
        await client.ask_for(Pong, Ping())
        assert client.pushes_so_far() == []


async def test_the_same_again_completes_it_when_the_hold_is_over(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        bob, new, online = await bob_is_here(rig)
        until_ms = rig.clock() + TAKEOVER_HOLD_MS
        for _ in range(2):
            assert (await take_place(rig, bob, new))[1] == ReplacementHeld(until_ms)
            rig.clock.advance(TAKEOVER_HOLD_MS // 2)
        assert (await take_place(rig, bob, new))[1] == Replaced(2)
        await online.wait_for_end()
        assert online.pushes_so_far()[-1] == DeviceReplaced()
        client = await rig.greeted()
        await client.ask_for(LoggedIn, new.login(client.welcome))
        await client.ask_for(Pong, Ping())
        assert client.pushes_so_far() == []


async def test_p5_a_second_one_does_not_push_the_first_aside(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        bob, new, online = await bob_is_here(rig)
        told = announced(new, rig)
        await take_place(rig, bob, new)
        assert (await take_place(rig, bob, on_a_new_device(bob)))[1] == BAD_REPLACEMENT
        await online.ask_for(Pong, Ping())
        assert online.pushes_so_far() == [told]


# --- the veto ---------------------------------------------------------------


async def test_a_veto_ends_it_and_takes_the_account_key_away(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        bob, new, online = await bob_is_here(rig)
        stays = replace(bob, account_key=on_a_new_device(bob).account_key)
        await take_place(rig, bob, new)
        assert await online.ask(veto(bob, stays.account_key, online.welcome)) == Vetoed(2)
        rig.clock.advance(TAKEOVER_HOLD_MS)
        # Neither the generation nor the key of whoever began it fits any more.
        for generation in (1, 2):
            assert (await take_place(rig, bob, new, generation))[1] == BAD_REPLACEMENT
        found = await on_record(rig, bob)
        assert (found.identity, found.account_key) == (
            bob.account.identity,
            stays.account.account_key,
        )
        # The owner, who has the new key, can.
        assert isinstance((await take_place(rig, stays, new, 2))[1], ReplacementHeld)


@pytest.mark.parametrize(
    "change",
    [
        {"identity_signature": bytes(64)},
        {"new_account_key": b"k" * 32},
        {"generation": 0},
        {"generation": 2},
        {"generation": (1 << 64) - 1},
    ],
    ids=lambda change: "-".join(change),
)
async def test_p5_a_changed_veto_changes_nothing(
    rng: random.Random, change: dict[str, object]
) -> None:
    async with relay_rig(rng) as rig:
        bob, new, online = await bob_is_here(rig)
        await take_place(rig, bob, new)
        before = await on_record(rig, bob)
        good = veto(bob, new.account_key, online.welcome)
        answer = await online.ask(replace(good, **change))  # type: ignore[arg-type]
        assert answer == BAD_REPLACEMENT
        assert await on_record(rig, bob) == before
        assert await online.ask(good) == Vetoed(2)  # the connection goes on


async def test_p5_there_is_no_veto_against_nothing_or_by_another(rng: random.Random) -> None:
    """A thief of the identity alone must not change the account key at will."""
    async with relay_rig(rng) as rig:
        bob, new, online = await bob_is_here(rig)
        before = await on_record(rig, bob)
        statement = veto(bob, new.account_key, online.welcome)
        assert await online.ask(statement) == BAD_REPLACEMENT
        assert await on_record(rig, bob) == before
        await take_place(rig, bob, new)
        alice = await rig.enter("alice")
        assert await alice.ask(statement) == BAD_REPLACEMENT
        anonymous = await rig.greeted()
        (request_id,) = await anonymous.send_anyway([statement])
        refused = Refused(Refusal.NOT_LOGGED_IN, None)
        assert await anonymous.answers([request_id]) == [refused]
        assert (await on_record(rig, bob)).noted is not None


# --- presence ---------------------------------------------------------------


async def test_who_has_just_left_was_online(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        bob, new, online = await bob_is_here(rig)
        await online.aclose()
        await rig.settle()
        assert isinstance((await take_place(rig, bob, new))[1], ReplacementHeld)


async def test_who_is_here_counts_from_the_day_of_leaving(
    autojump_clock: object, rng: random.Random
) -> None:
    async with relay_rig(rng) as rig:
        bob, new, online = await bob_is_here(rig)
        for _ in range(10):  # it stays for longer than the span that counts
            rig.clock.advance(RECENTLY_ONLINE_MS // 7)
            await trio.sleep(60)
            await online.ask_for(Pong, Ping())
        await online.aclose()
        await trio.sleep(PRESENCE_INTERVAL_SECONDS + 1)
        rig.clock.advance(RECENTLY_ONLINE_MS - 1)
        assert isinstance((await take_place(rig, bob, new))[1], ReplacementHeld)


async def test_after_a_week_away_nothing_is_held(
    autojump_clock: object, rng: random.Random
) -> None:
    async with relay_rig(rng) as rig:
        bob, new, online = await bob_is_here(rig)
        await online.aclose()
        await trio.sleep(PRESENCE_INTERVAL_SECONDS + 1)
        rig.clock.advance(RECENTLY_ONLINE_MS + 1)
        assert (await take_place(rig, bob, new))[1] == Replaced(2)


async def test_presence_outlives_the_relay(rng: random.Random) -> None:
    async with relay_rig(rng) as first:
        bob, new, _ = await bob_is_here(first)
    async with relay_rig(rng, store=first.store, clock=first.clock) as rig:
        assert isinstance((await take_place(rig, bob, new))[1], ReplacementHeld)


async def test_an_attempt_is_no_presence(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        bob = await registered(rig)
        new = on_a_new_device(bob)
        client = await rig.greeted()
        await client.ask(replace(bob, identity=new.identity).login(client.welcome))
        assert (await take_place(rig, bob, new))[1] == Replaced(2)


# --- the log ----------------------------------------------------------------


async def test_the_log_tells_numbers_and_no_names_or_keys(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        bob, new, online = await bob_is_here(rig)
        await take_place(rig, bob, new)
        await online.ask_for(Vetoed, veto(bob, bob.account_key, online.welcome))
        await take_place(rig, bob, new, 2)
        rig.clock.advance(TAKEOVER_HOLD_MS)
        await take_place(rig, bob, new, 2)
        for event in ("replacement-held", "replacement-vetoed", "device-replaced"):
            fields = set().union(*rig.events(event))
            assert fields - {"at_ms", "event", "until_ms"} == {"connection"}
        assert len(rig.events("device-replaced")) == 1
