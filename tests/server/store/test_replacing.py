"""Conformance: a device is replaced at once, or nothing is changed."""

import random
from dataclasses import replace
from itertools import pairwise

import pytest

from protocol.ids import DeviceAddress, FetchId
from protocol.limits import (
    MAX_FORMER_IDENTITIES,
)
from server.store.interface import (
    BadReplacement,
    BadToken,
    IdentityReplaced,
    NameTaken,
    NoPrekeys,
    RelayStore,
    UnknownAccount,
)
from server.store.values import Replacement, Stored
from tests.server.store.builders import (
    ALICE,
    BOB,
    NOBODY,
    account,
    acknowledge,
    submission,
    submit,
    submit_one,
    upload,
    waiting,
)
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

# --- at once ----------------------------------------------------------------


async def test_identity_account_key_and_generation_change_together(bobs: RelayStore) -> None:
    done = await swap(bobs)
    assert (done.identity, done.account_key, done.generation) == (NEW, NEW_KEY, 2)
    assert done.former_identities == (OLD,)
    assert done.last_online_ms is None
    assert await bobs.find_account(BOB) == done
    assert (await bobs.find_account(ALICE)).generation == 1


async def test_the_prekeys_go_with_the_device(bobs: RelayStore, rng: random.Random) -> None:
    fetch_id = FetchId(b"f" * 16)
    await bobs.put_prekeys(BOB, upload(rng, 500, 5))
    await bobs.take_bundle(BOB, fetch_id)
    await swap(bobs)
    assert await bobs.count_one_time_pairs(BOB) == 0
    for fetch in (bobs.take_bundle(BOB, fetch_id), bobs.sealing_key(BOB)):
        with pytest.raises(NoPrekeys):
            await fetch
    # The new device begins its ids anew.
    keys = upload(rng, 1, 3)
    assert await bobs.put_prekeys(BOB, keys, only_for=NEW) == 3
    taken = await bobs.take_bundle(BOB, fetch_id)
    assert (taken.bundle.identity, taken.bundle.kem.key_id) == (NEW, 1)


async def test_the_token_is_void(bobs: RelayStore) -> None:
    await bobs.set_token(BOB, TOKEN)
    await swap(bobs)
    with pytest.raises(BadToken):
        await bobs.require_token(BOB, TOKEN)


async def test_waiting_mail_is_deleted_and_its_ids_are_remembered(
    bobs: RelayStore, rng: random.Random
) -> None:
    sent = [submission(rng) for _ in range(5)]
    arrived = [await submit_one(bobs, each) for each in sent]
    others = await submit_one(bobs, submission(rng, recipient=ALICE))
    await acknowledge(bobs, BOB, 2)
    await swap(bobs)
    assert await waiting(bobs) == ()
    assert [mail.sequence for mail in await waiting(bobs, ALICE)] == [others.sequence]
    assert await submit(bobs, *sent) == [Stored(each.arrival_ms, None) for each in arrived]
    assert (await submit_one(bobs, submission(rng))).sequence == 6


async def test_the_former_device_changes_nothing_any_more(
    bobs: RelayStore, rng: random.Random
) -> None:
    done = await swap(bobs)
    for late in (
        bobs.put_prekeys(BOB, upload(rng, 1, 1), only_for=OLD),
        bobs.set_token(BOB, TOKEN, only_for=OLD),
    ):
        with pytest.raises(IdentityReplaced):
            await late
    with pytest.raises(NameTaken):
        await bobs.register(account(BOB))
    assert await bobs.find_account(BOB) == done
    assert await bobs.count_one_time_pairs(BOB) == 0


async def test_only_the_last_identities_are_remembered(bobs: RelayStore) -> None:
    identities = [OLD, *(bytes([100 + number]) * 32 for number in range(6))]
    for generation, (old, new) in enumerate(pairwise(identities), 1):
        await swap(bobs, Replacement(BOB, old, generation, new, NEW_KEY))
    found = await bobs.find_account(BOB)
    assert found.former_identities == tuple(identities[:-1][-MAX_FORMER_IDENTITIES:])


async def test_who_comes_back_is_no_former_device(bobs: RelayStore) -> None:
    await swap(bobs)
    await swap(bobs, Replacement(BOB, NEW, 2, OLD, NEW_KEY))
    assert (await bobs.find_account(BOB)).former_identities == (NEW,)


# --- P5: what does not fit --------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"old_identity": THIRD},
        {"generation": 0},
        {"generation": 2},
        {"generation": (1 << 64) - 1},
        {"new_identity": OLD},
    ],
)
@pytest.mark.parametrize("held", [False, True])
async def test_p5_what_does_not_fit_changes_nothing(
    bobs: RelayStore, change: dict[str, object], held: bool
) -> None:
    if held:
        await hold(bobs)
    before = await bobs.find_account(BOB)
    with pytest.raises(BadReplacement):
        await bobs.replace_device(replace(WANTED, **change), 0)  # type: ignore[arg-type]
    assert await bobs.find_account(BOB) == before


async def test_nobody_is_replaced_where_nobody_is(bobs: RelayStore) -> None:
    for device in (NOBODY, DeviceAddress(BOB.name, 2)):
        with pytest.raises(UnknownAccount):
            await bobs.replace_device(replace(WANTED, device=device), 0)
        with pytest.raises(UnknownAccount):
            await bobs.veto_replacement(replace(VETO, device=device))


async def test_of_two_replacements_of_one_generation_one_fits(bobs: RelayStore) -> None:
    await swap(bobs)
    with pytest.raises(BadReplacement):
        await swap(bobs, replace(WANTED, new_identity=THIRD))
    assert (await bobs.find_account(BOB)).identity == NEW
