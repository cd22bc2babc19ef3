"""Conformance: accounts."""

import pytest

from protocol.ids import DeviceAddress
from server.store.interface import NameTaken, RelayStore, UnknownAccount
from tests.server.store.builders import ALICE, BOB, account


async def test_an_account_is_found_as_registered(store: RelayStore) -> None:
    made = await store.register(account(ALICE))
    assert made.generation == 1
    assert made.address == ALICE
    assert (made.identity, made.account_key) == (bytes([1]) * 32, bytes([2]) * 32)
    assert await store.find_account(ALICE) == made


async def test_the_same_values_again_are_the_same_account(store: RelayStore) -> None:
    made = await store.register(account(ALICE))
    assert await store.register(account(ALICE)) == made


async def test_other_values_find_the_name_taken(store: RelayStore) -> None:
    made = await store.register(account(ALICE))
    other_device = account(DeviceAddress(ALICE.name, 2))
    other_account_key = account(ALICE).__class__(ALICE.name, 1, bytes([1]) * 32, bytes(32))
    for other in (account(ALICE, mark=9), other_device, other_account_key):
        with pytest.raises(NameTaken):
            await store.register(other)
    assert await store.find_account(ALICE) == made


async def test_nobody_is_found_where_nobody_is(store: RelayStore) -> None:
    await store.register(account(ALICE))
    for address in (BOB, DeviceAddress(ALICE.name, 2)):
        with pytest.raises(UnknownAccount):
            await store.find_account(address)
