"""A relay that does not tell the truth about a backup's blobs."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, cast

import pytest
import trio

from client.backup.targets import listing
from client.backup.targets.blob_line import BlobLine
from client.backup.targets.interface import Listed, ObjectMissing, TargetRefused
from client.backup.targets.relay import RelayTarget
from protocol.encoding import u64
from protocol.ids import BlobId
from protocol.records import ListedBlob
from protocol.wire.messages import BlobPart
from tests.client.backup.targets.storages import LOCATOR, SECRET
from tests.client.backup.targets.test_conformance import SEGMENT, everything, put


class LyingBlobs:
    """Blobs of which the test says what they are."""

    def __init__(self, part: BlobPart | None = None, listed: int = 0) -> None:
        self._part, self._listed = part, listed
        self.asked: list[int] = []

    async def ask(self, call: Callable[[Any], Awaitable[Any]]) -> Any:
        return await call(self)

    async def get_part(self, blob_id: BlobId, offset: int, length: int) -> BlobPart:
        await trio.lowlevel.checkpoint()
        self.asked.append(length)
        assert len(self.asked) < 100, "it is asked without end"
        assert self._part is not None
        return BlobPart(self._part.total, self._part.data[:length])

    async def listed(self, secret: object) -> AsyncGenerator[ListedBlob, None]:
        await trio.lowlevel.checkpoint()
        for number in range(self._listed):
            yield ListedBlob(BlobId(number.to_bytes(32)), 1, 0)


def target_on(blobs: LyingBlobs) -> RelayTarget:
    return RelayTarget(LOCATOR, SECRET, cast("BlobLine", blobs))


@pytest.mark.parametrize(
    ("total", "data"), [(50, b""), (50, b"x" * 19), (10, b"x" * 20), (2**63, b"x")]
)
async def test_p6_sizes_that_do_not_add_up_are_refused(total: int, data: bytes) -> None:
    with pytest.raises(TargetRefused, match="sizes do not add up"):
        await target_on(LyingBlobs(BlobPart(total, data))).read(SEGMENT, 0, 20)


async def test_p6_a_huge_size_costs_only_what_is_asked_for() -> None:
    blobs = LyingBlobs(BlobPart(2**63, bytes(300_000)))
    assert len(await target_on(blobs).read(SEGMENT, 0, 600_000)) == 600_000
    assert blobs.asked == [262_144, 262_144, 75_712]


async def test_p6_what_is_no_head_is_none() -> None:
    for part in (
        BlobPart(5, b"12345"),
        BlobPart(2**40, bytes(70_000)),
        BlobPart(9, u64(2**63) + b"x"),
    ):
        with pytest.raises(ObjectMissing):
            await target_on(LyingBlobs(part)).read("head", 0, 224)


async def test_p6_a_number_near_the_highest_stops_no_writer() -> None:
    """The one it would be put over is not counted, so it does not block the next."""
    blobs = LyingBlobs(BlobPart(9, u64(2**64 - 1) + b"x"))
    with pytest.raises(AttributeError, match="delete"):  # the next thing it would do
        await put(target_on(blobs), "head", b"new")


async def test_p6_a_list_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MAX_LISTED_OBJECTS", 100)
    with pytest.raises(TargetRefused, match="has no end"):
        await everything(target_on(LyingBlobs(listed=101)))


async def test_p6_ids_that_nobody_named_are_not_listed() -> None:
    target = target_on(LyingBlobs(BlobPart(3, b"xyz"), listed=100))
    found: list[Listed] = await everything(target)
    assert found == []
