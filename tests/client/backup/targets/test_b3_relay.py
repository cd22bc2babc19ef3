"""A backup at a relay that goes away, forgets, or has no room."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest
import trio

from client.backup.targets.interface import (
    ObjectMissing,
    Target,
    TargetFull,
    TargetRefused,
    TargetUnreachable,
)
from client.backup.targets.relay import relay_target
from client.network.blobs import WriteSecret
from protocol.archive.locator import Locator
from protocol.limits import BLOB_LIFE_MS, MAX_BLOB_PART_BYTES
from server.limits.values import DEFAULT, BlobQuota
from tests.client.backup.targets.fuse import Fuse
from tests.client.backup.targets.storages import LOCATOR, SECRET
from tests.client.backup.targets.test_conformance import MEDIUM, SEGMENT, everything, put, whole
from tests.support.relay_rig import RelayRig, relay_rig


@pytest.fixture
async def rig(rng: random.Random) -> AsyncIterator[RelayRig]:
    async with relay_rig(rng) as rig:
        yield rig


@asynccontextmanager
async def target_at(
    rig: RelayRig,
    fuse: Fuse | None = None,
    secret: WriteSecret | None = SECRET,
    locator: Locator = LOCATOR,
) -> AsyncIterator[Target]:
    async with relay_target(locator, secret, (fuse or Fuse()).dialer(rig)) as target:
        yield target


@pytest.mark.parametrize("path", ["head", SEGMENT])
async def test_b3_stopped_at_any_request_it_is_the_old_one_or_the_new_one(
    autojump_clock: object, rig: RelayRig, path: str, rng: random.Random
) -> None:
    """The program ends with its connection, and another run looks."""
    old, new = (rng.randbytes(60_000) for _ in range(2))
    for step in range(1, 100):
        fuse = Fuse(step)
        async with target_at(rig) as target:
            await target.delete(path)
            if path == "head":
                for version in (b"older", old):
                    await put(target, path, version)
        with suppress(TargetUnreachable):
            async with target_at(rig, fuse) as target:
                await put(target, path, new)
        if not fuse.burnt:
            break
        async with target_at(rig) as target:
            there = await target.size(path) is not None
            found = await whole(target, path) if there else None
            assert found in (old if path == "head" else None, new), step
            await put(target, path, new)
            assert await whole(target, path) == new
    assert step > (4 if path == "head" else 2)


async def test_b3_a_lost_connection_is_dialled_again(
    autojump_clock: object, rig: RelayRig, rng: random.Random
) -> None:
    data = rng.randbytes(4 * MAX_BLOB_PART_BYTES)
    for step in range(2, 30):  # the first is the greeting: without it there is no relay
        fuse = Fuse(step, once=True)
        async with target_at(rig, fuse) as target:
            await put(target, SEGMENT, data)
            await put(target, "head", data[: 100 + step])
            assert await whole(target, SEGMENT) == data
            assert await whole(target, "head") == data[: 100 + step]
            assert len(await everything(target)) == 2
            await target.keep([SEGMENT, "head"])
            await target.delete(SEGMENT)
        if not fuse.burnt:
            break
    assert step > 15


async def test_b3_an_upload_goes_on_where_the_relay_has_got_to(
    autojump_clock: object, rig: RelayRig, rng: random.Random
) -> None:
    data = rng.randbytes(8 * MAX_BLOB_PART_BYTES)
    fuse = Fuse(6)
    with pytest.raises(TargetUnreachable):
        async with target_at(rig, fuse) as target:
            await put(target, MEDIUM, data)
    again = Fuse()
    async with target_at(rig, again) as target:
        assert await target.size(MEDIUM) is None
        again.sent = 0
        await put(target, MEDIUM, data)
        assert again.sent <= 5, "of eight parts five were there"
        assert await whole(target, MEDIUM) == data


async def test_a_relay_that_is_not_there_is_said_at_once(
    autojump_clock: object, rig: RelayRig
) -> None:
    start = trio.current_time()
    fuse = Fuse(1, sent=1)
    with pytest.raises(TargetUnreachable, match=r"relay:.*cannot be reached"):
        async with target_at(rig, fuse) as target:
            await target.prepare()
    assert trio.current_time() == start


async def test_a_relay_forgets_what_nobody_kept(autojump_clock: object, rig: RelayRig) -> None:
    async with target_at(rig) as target:
        for path in (SEGMENT, MEDIUM, "head", "keyring"):
            await put(target, path, b"x")
        rig.clock.advance(BLOB_LIFE_MS - 1_000)
        await target.keep([SEGMENT, "head"])
        rig.clock.advance(2_000)
        assert [each.path for each in await everything(target)] == ["head", SEGMENT]
        with pytest.raises(ObjectMissing) as caught:
            await target.read(MEDIUM, 0, 1)
        assert "90 days" in caught.value.why
        with pytest.raises(ObjectMissing) as caught:
            await target.keep([SEGMENT, MEDIUM])
        assert "1 objects are gone" in caught.value.why
        with pytest.raises(ObjectMissing, match="there is no keyring"):
            await target.keep(["keyring"])


async def test_what_was_replaced_is_kept_with_its_older_one(
    autojump_clock: object, rig: RelayRig
) -> None:
    async with target_at(rig) as target:
        for version in (b"1", b"2", b"3"):
            await put(target, "head", version)
        rig.clock.advance(BLOB_LIFE_MS - 1_000)
        await target.keep(["head"])
        rig.clock.advance(2_000)
        assert await whole(target, "head") == b"3"


async def test_no_room_is_said_in_words(rng: random.Random, autojump_clock: object) -> None:
    limits = replace(DEFAULT, blobs=BlobQuota(count=2))
    async with relay_rig(rng, limits=limits) as rig, target_at(rig) as target:
        await put(target, "head", b"old")
        await put(target, SEGMENT, b"x")
        with pytest.raises(TargetFull, match="no more room") as caught:
            await put(target, MEDIUM, b"x")
        assert caught.value.why
        with pytest.raises(TargetFull):
            await put(target, "head", b"new")
        assert await whole(target, "head") == b"old"


async def test_the_locator_alone_reads_and_changes_nothing(
    autojump_clock: object, rig: RelayRig
) -> None:
    async with target_at(rig) as target:
        await put(target, "head", b"x")
    async with target_at(rig, secret=None) as target:
        assert await whole(target, "head") == b"x"
        with pytest.raises(TargetRefused, match="not changed"):
            await put(target, "head", b"y")
        with pytest.raises(TargetRefused, match="not changed"):
            await target.delete("head")
        with pytest.raises(TargetRefused, match="not changed"):
            await everything(target)
    async with target_at(rig, secret=WriteSecret(b"o" * 32)) as target:
        with pytest.raises(TargetRefused, match="another write secret"):
            await target.delete("head")
        assert await whole(target, "head") == b"x"


async def test_other_locators_find_nothing(autojump_clock: object, rig: RelayRig) -> None:
    async with target_at(rig) as target:
        await put(target, "head", b"x")
    async with target_at(rig, locator=Locator(bytes(16))) as target:
        assert await target.size("head") is None


async def test_only_what_is_known_is_listed(autojump_clock: object, rig: RelayRig) -> None:
    async with target_at(rig) as target:
        await put(target, SEGMENT, b"x")
        await put(target, MEDIUM, b"x")
        assert [each.path async for each in target.listed([MEDIUM])] == [MEDIUM]


async def test_a_head_that_is_too_long_is_not_begun(autojump_clock: object, rig: RelayRig) -> None:
    async with target_at(rig) as target:
        with pytest.raises(TargetRefused, match="too much"):
            await put(target, "head", bytes(65_537))


async def test_the_same_head_again_writes_nothing(autojump_clock: object, rig: RelayRig) -> None:
    fuse = Fuse()
    async with target_at(rig, fuse) as target:
        await put(target, "head", b"same")
        fuse.sent = 0
        await put(target, "head", b"same")
        assert fuse.sent == 2, "both turns were looked at"
