"""P6: peers that want too much of everything."""

import random
from contextlib import suppress
from dataclasses import replace

import pytest
import trio
import trio.testing

from protocol.ids import EnvelopeId
from protocol.limits import (
    ADDRESS_REGISTRATIONS_AT_ONCE,
    MAX_ADDRESS_CONNECTIONS,
    REPLACEMENT_ATTEMPTS_AT_ONCE,
    WRITE_TIMEOUT_MS,
)
from protocol.wire.messages import (
    Accepted,
    LoggedIn,
    Ping,
    Pong,
    Refused,
    Replaced,
    SetToken,
    Submit,
    Subscribe,
    Subscribed,
    TokenSet,
    token_hash,
)
from server.limits.source import source_of
from server.limits.values import DEFAULT
from server.store import derived
from tests.server.hostile.bystanders import house, under_attack
from tests.server.hostile.counting import in_slices, tally
from tests.support.relay_rig import RelayRig, relay_rig
from tests.support.replacements import on_a_new_device, replacement
from tests.support.wire_client import Person, StreamEnded, submit_to

TOKEN = b"t" * 16


# --- connections and accounts -----------------------------------------------


async def test_p6_a_flood_of_connections(autojump_clock: object, rng: random.Random) -> None:
    async with relay_rig(rng) as rig, under_attack(rig, DEFAULT):
        clients = [rig.connect(source=house(9)) for _ in range(1_000)]
        await rig.settle()
        assert len(rig.relay._connections) == 2 + MAX_ADDRESS_CONNECTIONS
        # The rest was closed without a word: there was nothing to read before the end.
        turned_away = clients[MAX_ADDRESS_CONNECTIONS]
        with pytest.raises(StreamEnded):
            await turned_away._receive()
        # Those inside have to greet; then the address is as good as any.
        await trio.sleep(30)
        assert len(rig.relay._connections) == 2
        assert rig.events("turned-away")
        await (await rig.greeted(house(9))).ask_for(Pong, Ping())


async def test_p6_connections_opened_and_closed_for_ever(
    autojump_clock: object, rng: random.Random
) -> None:
    async with relay_rig(rng) as rig, under_attack(rig, DEFAULT):
        start, let_in = trio.current_time(), 0
        for _ in range(3_000):
            client = rig.connect(source=house(9))
            with suppress(StreamEnded, trio.BrokenResourceError):
                await client.greet()
                let_in += 1
            await client.aclose()
            await trio.sleep(0.01)
        seconds = trio.current_time() - start
        assert let_in <= DEFAULT.connections.burst + DEFAULT.connections.per_second * seconds + 1


@pytest.mark.parametrize("hop", [False, True], ids=["one address", "one network"])
async def test_p6_a_flood_of_accounts(
    autojump_clock: object, rng: random.Random, hop: bool
) -> None:
    async with relay_rig(rng) as rig, under_attack(rig, DEFAULT):
        answers = []
        for number in range(100):
            host = f"2001:db8:1:2::{number if hop else 1:x}"
            client = await rig.greeted(source_of(host, 1))
            person = Person.called(f"sock{number}", rng)
            answers += await client.ask_all([person.register(client.welcome)])
            await client.aclose()
        count = tally(answers)
        assert count["LoggedIn"] == ADDRESS_REGISTRATIONS_AT_ONCE
        assert count["RATE_LIMITED"] == 100 - ADDRESS_REGISTRATIONS_AT_ONCE
        # What it said is true, and other houses register meanwhile.
        await (await rig.enter("neighbour", house(8))).ask_for(Pong, Ping())
        last = answers[-1]
        assert isinstance(last, Refused)
        assert last.retry_after_ms is not None
        await trio.sleep(last.retry_after_ms / 1_000)
        client = await rig.greeted(source_of("2001:db8:1:2::77", 1))
        await client.ask_for(LoggedIn, Person.called("late", rng).register(client.welcome))


# --- mail -------------------------------------------------------------------


async def victim(rig: RelayRig) -> None:
    """Somebody who does not read, and has given a token away."""
    client = await rig.enter("victim", house(3))
    await client.ask_for(TokenSet, SetToken(token_hash(TOKEN)))
    await client.aclose()


def small_mailboxes(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(derived, "MAX_MAILBOX_COUNT", count)
    monkeypatch.setattr(derived, "MAX_ANONYMOUS_MAILBOX_COUNT", count * 2 // 3)


async def test_p6_an_endless_backlog_from_nobody(
    autojump_clock: object, rng: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Strangers fill two thirds; who logs in still gets through."""
    small_mailboxes(monkeypatch, 300)
    async with relay_rig(rng) as rig:
        await victim(rig)
        to = rig.person("victim")
        async with under_attack(rig, DEFAULT):
            client = await rig.greeted(house(9))
            flood = [
                Submit(to.name, 1, EnvelopeId(rng.randbytes(16)), TOKEN, b"junk")
                for _ in range(1_000)
            ]
            count = await in_slices(client, flood)
            assert count["Accepted"] == 200
            assert count["MAILBOX_FULL"] == 800
            friend = await rig.enter("friend", house(4))
            await friend.ask_for(Accepted, submit_to(to, b"are you there?", rng))
        assert await rig.store.count_waiting(to.address) == 201


async def test_p6_an_endless_backlog_from_an_account(
    autojump_clock: object, rng: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_mailboxes(monkeypatch, 500)
    async with relay_rig(rng) as rig:
        await victim(rig)
        to = rig.person("victim")
        async with under_attack(rig, DEFAULT):
            client = await rig.enter("mallory", house(9))
            count = await in_slices(client, [submit_to(to, b"junk", rng) for _ in range(3_000)])
            assert count["Accepted"] == 500
            assert set(count) == {"Accepted", "MAILBOX_FULL", "RATE_LIMITED"}
        assert await rig.store.count_waiting(to.address) == 500


async def test_p6_a_mailbox_is_not_flooded_faster_than_its_rate(
    autojump_clock: object, rng: random.Random
) -> None:
    """Many accounts together, and strangers besides: the known senders have a bucket apart."""
    limits = replace(DEFAULT, recipient=replace(DEFAULT.recipient, burst=50))
    async with relay_rig(rng, limits=limits) as rig:
        await victim(rig)
        to = rig.person("victim")
        async with under_attack(rig, limits):
            nobody = await rig.greeted(house(9))
            flood = [
                Submit(to.name, 1, EnvelopeId(rng.randbytes(16)), TOKEN, b"junk")
                for _ in range(200)
            ]
            assert (await in_slices(nobody, flood))["RATE_LIMITED"] >= 140
            for number in range(4):
                client = await rig.enter(f"sock{number}", house(10 + number))
                await in_slices(client, [submit_to(to, b"junk", rng) for _ in range(100)])
        assert await rig.store.count_waiting(to.address) <= 2 * 60


async def test_p6_a_subscriber_that_neither_reads_nor_acknowledges(
    autojump_clock: object, rng: random.Random
) -> None:
    async with relay_rig(rng) as rig:
        sleeper = rig.connect(trio.testing.lockstep_stream_pair, house(9))
        await sleeper.enter(rig.person("sleeper"))
        await sleeper.send([Subscribe()])
        async with under_attack(rig, DEFAULT):
            sender = await rig.enter("sender", house(8))
            mail = [submit_to(rig.person("sleeper"), bytes(30_000), rng) for _ in range(200)]
            assert (await in_slices(sender, mail))["Accepted"] == 200
            await trio.sleep(WRITE_TIMEOUT_MS / 1_000 + 3)
            assert len(rig.relay._connections) == 3
        assert await rig.store.count_waiting(rig.person("sleeper").address) == 200


async def test_p6_a_subscriber_that_reads_and_never_acknowledges(
    autojump_clock: object, rng: random.Random
) -> None:
    async with relay_rig(rng) as rig:
        hoarder = await rig.enter("hoarder", house(9))
        await hoarder.ask_for(Subscribed, Subscribe())
        async with under_attack(rig, DEFAULT):
            sender = await rig.enter("sender", house(8))
            mail = [submit_to(rig.person("hoarder"), bytes(3_000), rng) for _ in range(300)]
            assert (await in_slices(sender, mail))["Accepted"] == 300
            await hoarder.ask_for(Pong, Ping())
            assert len(hoarder.pushes_so_far()) == 64


async def test_p6_a_flood_of_replacements_does_not_lock_the_owner_out(
    autojump_clock: object, rng: random.Random
) -> None:
    async with relay_rig(rng) as rig, under_attack(rig, DEFAULT):
        owner, thief = rig.person("owner"), Person.called("owner", rng)
        await rig.store.register(owner.account)
        before = await rig.store.find_account(owner.address)
        answers = []
        for _ in range(60):
            client = await rig.greeted(house(9))
            forged = replacement(thief, on_a_new_device(thief), client.welcome)
            answers += await client.ask_all([forged])
            await client.aclose()
        count = tally(answers)
        assert count["BAD_REPLACEMENT"] == REPLACEMENT_ATTEMPTS_AT_ONCE
        assert count["RATE_LIMITED"] == 60 - REPLACEMENT_ATTEMPTS_AT_ONCE
        last = answers[-1]
        assert isinstance(last, Refused)
        assert last.retry_after_ms is not None
        assert await rig.store.find_account(owner.address) == before
        client = await rig.greeted(house(3))
        await client.ask_for(Replaced, replacement(owner, on_a_new_device(owner), client.welcome))
