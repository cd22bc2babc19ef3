"""What happens beside the transaction that replaces a device."""

import random
from collections.abc import Awaitable
from typing import TypeVar

import pytest
import trio
import trio.testing

from protocol.ids import DeviceAddress
from protocol.wire.messages import (
    DeviceReplaced,
    Ping,
    Pong,
    Replaced,
    SetToken,
    token_hash,
)
from server.store.interface import BadToken
from server.store.memory import MemoryStore
from server.store.values import PrekeyUpload
from tests.server.replacing_rig import (
    DEVICE_REPLACED,
    TOKEN,
    registered,
    take_place,
)
from tests.support.relay_rig import FakeClock, relay_rig
from tests.support.replacements import on_a_new_device
from tests.support.wire_client import submit_to

T = TypeVar("T")


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
