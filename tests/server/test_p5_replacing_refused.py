"""A replacement that is refused: nothing has changed."""

import random
from dataclasses import replace

import pytest

from tests.server.replacing_rig import (
    BAD_REPLACEMENT,
    UNKNOWN_ACCOUNT,
    on_record,
    registered,
)
from tests.support.relay_rig import relay_rig
from tests.support.replacements import on_a_new_device, replacement
from tests.support.wire_client import Person


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
