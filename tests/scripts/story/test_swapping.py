"""A name is taken on a relay's disk, and put back, with the relay's own store before and after."""

import random
from pathlib import Path

import pytest

from protocol.ids import DeviceAddress, FetchId, Name
from scripts.story.swapping import PublicKeys, give_back, take_name
from server.store.interface import NoPrekeys
from server.store.sqlite.lane import inline
from server.store.sqlite.store import SqliteStore
from tests.server.store.builders import account, upload

ALICE = DeviceAddress(Name("alice"))
START_MS = 1_800_000_000_000


async def opened(path: Path) -> SqliteStore:
    return await SqliteStore.open(path, lambda: START_MS, inline)


async def test_a_taken_name_shows_other_keys_and_no_prekeys_until_it_is_put_back(
    tmp_path: Path, rng: random.Random
) -> None:
    database = tmp_path / "relay.db"
    real = account(ALICE)
    store = await opened(database)
    await store.register(real)
    await store.put_prekeys(ALICE, upload(rng, 1, 2))
    await store.close()

    taken = take_name(database, "alice", PublicKeys(b"i" * 32, b"a" * 32))
    store = await opened(database)
    found = await store.find_account(ALICE)
    assert (found.identity, found.account_key) == (b"i" * 32, b"a" * 32)
    with pytest.raises(NoPrekeys):
        await store.take_bundle(ALICE, FetchId(b"f" * 16))
    await store.put_prekeys(ALICE, upload(rng, 1, 5))
    await store.close()

    give_back(database, taken)
    store = await opened(database)
    assert (await store.find_account(ALICE)).identity == real.identity
    assert (await store.take_bundle(ALICE, FetchId(b"f" * 16))).bundle.identity == real.identity
    await store.close()
