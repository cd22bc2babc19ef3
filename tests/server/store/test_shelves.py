"""Conformance: prekey shelves."""

import random

import pytest
import trio

from protocol.ids import FetchId
from protocol.limits import ACKNOWLEDGED_ID_LIFE_MS, MAX_ONE_TIME_PAIRS, ONE_TIME_ID_SPAN
from server.store.interface import NoPrekeys, RelayStore, ShelfFull, UnknownAccount
from tests.server.store.builders import BOB, NOBODY, account, upload
from tests.server.store.conftest import SettableClock


def fetch_id(number: int) -> FetchId:
    return FetchId(number.to_bytes(16, "big"))


@pytest.fixture
async def store(store: RelayStore) -> RelayStore:
    await store.register(account(BOB))
    return store


async def test_each_pair_is_handed_out_once(store: RelayStore, rng: random.Random) -> None:
    keys = upload(rng, 1, 3)
    assert await store.put_prekeys(BOB, keys) == 3
    taken = [await store.take_bundle(BOB, fetch_id(n)) for n in range(4)]
    assert [each.bundle.kem for each in taken[:3]] == [p.kem for p in keys.one_time_pairs]
    assert [each.bundle.one_time_key for each in taken[:3]] == [
        p.curve_key for p in keys.one_time_pairs
    ]
    assert [each.one_time_count for each in taken] == [2, 1, 0, 0]
    assert [each.took_pair for each in taken] == [True, True, True, False]


async def test_each_pair_is_handed_out_once_to_a_crowd_that_comes_at_once(
    store: RelayStore, rng: random.Random
) -> None:
    """Ten fetches under ten ids, each said three times over, for seven pairs."""
    await store.put_prekeys(BOB, upload(rng, 1, 7))
    handed_out: dict[int, set[int]] = {number: set() for number in range(10)}

    async def fetch(number: int) -> None:
        bundle = (await store.take_bundle(BOB, fetch_id(number))).bundle
        handed_out[number].add(bundle.kem.key_id if bundle.one_time_key else 0)

    async with trio.open_nursery() as nursery:
        for number in [*handed_out] * 3:
            nursery.start_soon(fetch, number)
    assert all(len(ids) == 1 for ids in handed_out.values())
    assert sorted(min(ids) for ids in handed_out.values()) == [0, 0, 0, *range(1, 8)]
    assert await store.count_one_time_pairs(BOB) == 0


async def test_p6_fetching_from_an_empty_shelf_leaves_nothing_behind(
    store: RelayStore, rng: random.Random
) -> None:
    """Who fetches for ever must not fill the disk: only pairs are remembered."""
    await store.put_prekeys(BOB, upload(rng, 1, 0))
    assert not (await store.take_bundle(BOB, fetch_id(1))).took_pair
    await store.put_prekeys(BOB, upload(rng, 1, 1))
    assert (await store.take_bundle(BOB, fetch_id(1))).took_pair


async def test_pairs_far_behind_the_newest_leave(store: RelayStore, rng: random.Random) -> None:
    """An owner whose disk was put back skips ids: what it cannot answer for is gone at once."""
    await store.put_prekeys(BOB, upload(rng, 1, 100))
    assert await store.put_prekeys(BOB, upload(rng, ONE_TIME_ID_SPAN + 3, 0)) == 100
    keys = upload(rng, ONE_TIME_ID_SPAN + 3, 1)
    assert await store.put_prekeys(BOB, keys) == 98
    first = (await store.take_bundle(BOB, fetch_id(1))).bundle
    assert first.kem.key_id == 4
    new = upload(rng, 3 * ONE_TIME_ID_SPAN, 100)
    assert await store.put_prekeys(BOB, new) == 100


async def test_an_empty_shelf_gives_the_last_resort(store: RelayStore, rng: random.Random) -> None:
    keys = upload(rng, 1, 0)
    await store.put_prekeys(BOB, keys)
    for number in range(2):
        bundle = (await store.take_bundle(BOB, fetch_id(number))).bundle
        assert bundle.kem == keys.last_resort
        assert bundle.one_time_key is None
        assert bundle.signed_prekey == keys.signed_prekey
        assert bundle.sealing_key == keys.sealing_key
        assert bundle.identity == account(BOB).identity


async def test_a_repeated_fetch_gets_the_same_bundle(
    store: RelayStore, rng: random.Random, clock: SettableClock
) -> None:
    await store.put_prekeys(BOB, upload(rng, 1, 3))
    first = await store.take_bundle(BOB, fetch_id(1))
    await store.put_prekeys(BOB, upload(rng, 4, 1))
    clock.time_ms += ACKNOWLEDGED_ID_LIFE_MS - 1
    await store.expire()
    again = await store.take_bundle(BOB, fetch_id(1))
    assert again.bundle == first.bundle
    assert not again.took_pair
    assert again.one_time_count == 3


async def test_a_fetch_is_forgotten_after_its_time(
    store: RelayStore, rng: random.Random, clock: SettableClock
) -> None:
    await store.put_prekeys(BOB, upload(rng, 1, 3))
    first = await store.take_bundle(BOB, fetch_id(1))
    clock.time_ms += ACKNOWLEDGED_ID_LIFE_MS
    await store.expire()
    assert (await store.take_bundle(BOB, fetch_id(1))).bundle != first.bundle


async def test_an_upload_replaces_keys_and_adds_pairs(
    store: RelayStore, rng: random.Random
) -> None:
    old, new = upload(rng, 1, 2), upload(rng, 3, 2)
    await store.put_prekeys(BOB, old)
    assert await store.put_prekeys(BOB, new) == 4
    bundle = (await store.take_bundle(BOB, fetch_id(1))).bundle
    assert bundle.signed_prekey == new.signed_prekey
    assert bundle.kem == old.one_time_pairs[0].kem
    assert (await store.sealing_key(BOB)).sealing_key == new.sealing_key


async def test_ids_known_or_used_are_not_added_again(store: RelayStore, rng: random.Random) -> None:
    keys = upload(rng, 1, 3)
    await store.put_prekeys(BOB, keys)
    assert await store.put_prekeys(BOB, keys) == 3
    await store.take_bundle(BOB, fetch_id(1))
    assert await store.put_prekeys(BOB, upload(rng, 1, 3)) == 2
    assert await store.count_one_time_pairs(BOB) == 2


async def test_a_full_shelf_keeps_nothing_of_an_upload(
    store: RelayStore, rng: random.Random
) -> None:
    first = upload(rng, 1, MAX_ONE_TIME_PAIRS - 1)
    await store.put_prekeys(BOB, first)
    with pytest.raises(ShelfFull):
        await store.put_prekeys(BOB, upload(rng, 500, 2))
    assert await store.count_one_time_pairs(BOB) == MAX_ONE_TIME_PAIRS - 1
    assert (await store.sealing_key(BOB)).sealing_key == first.sealing_key
    assert await store.put_prekeys(BOB, upload(rng, 500, 1)) == MAX_ONE_TIME_PAIRS


async def test_without_an_upload_there_is_nothing_to_take(store: RelayStore) -> None:
    assert await store.count_one_time_pairs(BOB) == 0
    with pytest.raises(NoPrekeys):
        await store.take_bundle(BOB, fetch_id(1))
    with pytest.raises(NoPrekeys):
        await store.sealing_key(BOB)


async def test_nobody_has_no_shelf(store: RelayStore, rng: random.Random) -> None:
    assert await store.count_one_time_pairs(NOBODY) == 0
    with pytest.raises(UnknownAccount):
        await store.take_bundle(NOBODY, fetch_id(1))
    with pytest.raises(UnknownAccount):
        await store.sealing_key(NOBODY)
    with pytest.raises(UnknownAccount):
        await store.put_prekeys(NOBODY, upload(rng, 1, 1))
