"""Conformance: a replacement is held, vetoed, or one of several at once."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

import pytest
import trio

from protocol.ids import DeviceAddress
from protocol.limits import (
    HELD_REPLACEMENT_LIFE_MS,
    ONLINE_MARK_MS,
    RECENTLY_ONLINE_MS,
    TAKEOVER_HOLD_MS,
)
from server.store.interface import (
    BadReplacement,
    BadToken,
    IdentityReplaced,
    RelayStore,
)
from server.store.values import HeldReplacement, StoredAccount
from tests.server.store.builders import (
    ALICE,
    BOB,
    NOBODY,
    submission,
    submit_one,
    upload,
    waiting,
)
from tests.server.store.conftest import SettableClock
from tests.server.store.replacements import (
    NEW,
    NEW_KEY,
    OLD,
    THIRD,
    TOKEN,
    VETO,
    WANTED,
    hold,
    swap,
)

# --- the hold ---------------------------------------------------------------


async def test_a_device_that_was_online_lately_is_asked_first(
    bobs: RelayStore, clock: SettableClock, rng: random.Random
) -> None:
    await submit_one(bobs, submission(rng))
    held = await hold(bobs)
    assert held == HeldReplacement(NEW, NEW_KEY, clock() + TAKEOVER_HOLD_MS)
    found = await bobs.find_account(BOB)
    assert (found.identity, found.generation, found.held(clock())) == (OLD, 1, held)
    assert len(await waiting(bobs)) == 1


async def test_presence_is_noted_to_the_hour(bobs: RelayStore, clock: SettableClock) -> None:
    clock.time_ms += 59 * 60_000
    await bobs.mark_online([NOBODY, BOB, DeviceAddress(ALICE.name, 2)])
    marked = (await bobs.find_account(BOB)).last_online_ms
    assert marked is not None
    assert marked % ONLINE_MARK_MS == 0
    assert 0 <= clock() - marked < ONLINE_MARK_MS
    assert (await bobs.find_account(ALICE)).last_online_ms is None


@pytest.mark.parametrize(("days_past", "is_held"), [(6.9, True), (7.1, False)])
async def test_a_week_offline_is_long_enough(
    bobs: RelayStore, clock: SettableClock, days_past: float, is_held: bool
) -> None:
    await bobs.mark_online([BOB])
    clock.time_ms += int(days_past * RECENTLY_ONLINE_MS / 7)
    done = await bobs.replace_device(WANTED, TAKEOVER_HOLD_MS)
    assert isinstance(done, HeldReplacement) is is_held


async def test_a_device_that_was_never_online_is_replaced_at_once(bobs: RelayStore) -> None:
    assert isinstance(await bobs.replace_device(WANTED, TAKEOVER_HOLD_MS), StoredAccount)


async def test_without_holds_nothing_is_held(bobs: RelayStore) -> None:
    await bobs.mark_online([BOB])
    await swap(bobs)


async def test_the_same_again_changes_nothing_until_the_hold_is_over(
    bobs: RelayStore, clock: SettableClock
) -> None:
    held = await hold(bobs)
    for wait_ms in (1, TAKEOVER_HOLD_MS - 2):
        clock.time_ms += wait_ms
        # The hold that has begun counts, also where a relay was told another length since.
        assert await bobs.replace_device(WANTED, 0) == held
    clock.time_ms += 1
    done = await bobs.replace_device(WANTED, TAKEOVER_HOLD_MS)
    assert isinstance(done, StoredAccount)
    assert (done.identity, done.noted) == (NEW, None)
    assert await bobs.find_account(BOB) == done


@pytest.mark.parametrize("change", [{"new_identity": THIRD}, {"new_account_key": THIRD}])
@pytest.mark.parametrize("late_ms", [0, TAKEOVER_HOLD_MS + 1])
async def test_a_different_one_waits_until_the_first_is_forgotten(
    bobs: RelayStore, clock: SettableClock, change: dict[str, bytes], late_ms: int
) -> None:
    held = await hold(bobs)
    other = replace(WANTED, **change)  # type: ignore[arg-type]
    clock.time_ms += late_ms
    with pytest.raises(BadReplacement):
        await bobs.replace_device(other, TAKEOVER_HOLD_MS)
    assert (await bobs.find_account(BOB)).noted == held
    clock.time_ms = held.forgotten_ms
    await swap(bobs, other)


@pytest.mark.parametrize("tidied", [False, True])
async def test_what_nobody_asks_for_again_is_forgotten(
    bobs: RelayStore, clock: SettableClock, tidied: bool
) -> None:
    held = await hold(bobs)
    clock.time_ms = held.until_ms + HELD_REPLACEMENT_LIFE_MS - 1
    await bobs.expire()
    assert (await bobs.find_account(BOB)).held(clock()) == held
    clock.time_ms += 1
    if tidied:
        await bobs.expire()
        assert (await bobs.find_account(BOB)).noted is None
    with pytest.raises(BadReplacement):
        await bobs.veto_replacement(VETO)
    assert (await hold(bobs)).until_ms == clock() + TAKEOVER_HOLD_MS


# --- the veto ---------------------------------------------------------------


@pytest.mark.parametrize("late_ms", [0, TAKEOVER_HOLD_MS + 1])
async def test_a_veto_cancels_and_changes_the_account_key(
    bobs: RelayStore, clock: SettableClock, late_ms: int
) -> None:
    await hold(bobs)
    clock.time_ms += late_ms
    done = await bobs.veto_replacement(VETO)
    assert (done.identity, done.account_key, done.generation) == (OLD, b"v" * 32, 2)
    assert done.noted is None
    assert await bobs.find_account(BOB) == done
    for again in (bobs.replace_device(WANTED, 0), bobs.veto_replacement(VETO)):
        with pytest.raises(BadReplacement):
            await again


@pytest.mark.parametrize("change", [{"identity": THIRD}, {"generation": 0}, {"generation": 2}])
async def test_p5_a_veto_that_does_not_fit_changes_nothing(
    bobs: RelayStore, change: dict[str, object]
) -> None:
    held = await hold(bobs)
    with pytest.raises(BadReplacement):
        await bobs.veto_replacement(replace(VETO, **change))  # type: ignore[arg-type]
    assert (await bobs.find_account(BOB)).noted == held


async def test_p5_there_is_no_veto_against_nothing(bobs: RelayStore) -> None:
    before = await bobs.find_account(BOB)
    with pytest.raises(BadReplacement):
        await bobs.veto_replacement(VETO)
    assert await bobs.find_account(BOB) == before


# --- races ------------------------------------------------------------------


async def outcome(attempt: Awaitable[object], into: list[object]) -> None:
    try:
        into.append(await attempt)
    except (BadReplacement, IdentityReplaced) as error:
        into.append(type(error))


async def run_at_once(attempts: list[Callable[[], Awaitable[object]]]) -> list[object]:
    """Let each begin before the first has ended; give what came of them."""
    outcomes: list[object] = []
    async with trio.open_nursery() as nursery:
        for attempt in attempts:
            nursery.start_soon(outcome, attempt(), outcomes)
    return outcomes


async def test_of_many_replacements_at_once_one_is_carried_out(bobs: RelayStore) -> None:
    wanted = [replace(WANTED, new_identity=bytes([40 + number]) * 32) for number in range(6)]
    outcomes = await run_at_once([partial(bobs.replace_device, one, 0) for one in wanted])
    (done,) = [each for each in outcomes if isinstance(each, StoredAccount)]
    assert outcomes.count(BadReplacement) == 5
    assert await bobs.find_account(BOB) == done


async def test_veto_and_completion_at_once_are_one_of_both(
    bobs: RelayStore, clock: SettableClock
) -> None:
    clock.time_ms = (await hold(bobs)).until_ms
    outcomes = await run_at_once(
        [lambda: bobs.replace_device(WANTED, 0), lambda: bobs.veto_replacement(VETO)]
    )
    assert outcomes.count(BadReplacement) == 1
    found = await bobs.find_account(BOB)
    assert found in outcomes
    assert (found.generation, found.noted) == (2, None)


async def test_prekeys_of_the_former_device_never_end_on_the_new_shelf(
    bobs: RelayStore, rng: random.Random
) -> None:
    await run_at_once(
        [
            lambda: bobs.put_prekeys(BOB, upload(rng, 1, 3), only_for=OLD),
            lambda: bobs.replace_device(WANTED, 0),
            lambda: bobs.put_prekeys(BOB, upload(rng, 4, 3), only_for=OLD),
            lambda: bobs.set_token(BOB, TOKEN, only_for=OLD),
        ]
    )
    assert await bobs.count_one_time_pairs(BOB) == 0
    with pytest.raises(BadToken):
        await bobs.require_token(BOB, TOKEN)
