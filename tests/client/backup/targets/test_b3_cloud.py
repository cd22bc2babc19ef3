"""A cloud that fails at any call, or does not tell the truth."""

import os
import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import opendal
import pytest
from opendal import exceptions

from client.backup.targets import listing
from client.backup.targets.cloud import CloudTarget
from client.backup.targets.interface import (
    Listed,
    ObjectMissing,
    TargetError,
    TargetFull,
    TargetRefused,
    TargetUnreachable,
)
from tests.client.backup.targets.storages import surroundings
from tests.client.backup.targets.test_conformance import SEGMENT, everything, put, whole
from tests.support.relay_rig import START_MS

CALLS = frozenset({"write", "open", "rename", "stat", "exists", "delete"})
BROKEN = exceptions.Unexpected("Unexpected (temporary) at write => it broke")


@dataclass
class FailingOperator:
    """An operator whose n-th call and all later ones fail; before it, or after it was done.

    Args:
        steps_rename: a rename is two calls of the server: delete, then move.
        tears: a write that fails leaves a part.
    """

    operator: opendal.Operator
    fails_at: int = 0
    afterwards: bool = False
    steps_rename: bool = False
    tears: bool = False
    calls: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        inner = getattr(self.operator, name)
        if name not in CALLS:
            return inner

        def call(*args: Any) -> Any:
            if name == "rename" and self.steps_rename:
                self._guarded("delete", self.operator.delete, args[1])
            return self._guarded(name, inner, *args)

        return call

    @property
    def failed(self) -> bool:
        return 0 < self.fails_at <= len(self.calls)

    def _guarded(self, name: str, call: Any, *args: Any) -> Any:
        was_failed = self.failed
        self.calls.append(name)
        if was_failed or (self.failed and not self.afterwards):
            if name == "write" and self.tears and not was_failed:
                call(args[0], args[1][:1])
            raise BROKEN
        result = call(*args)
        if self.failed:
            raise BROKEN
        return result


def target_on(operator: object, rng: random.Random) -> CloudTarget:
    return CloudTarget("cloud:here", cast("opendal.Operator", operator), surroundings(rng))


@pytest.mark.parametrize("scheme", ["fs", "memory"])
@pytest.mark.parametrize("path", ["head", SEGMENT])
@pytest.mark.parametrize("afterwards", [False, True])
@pytest.mark.parametrize("steps_rename", [False, True])
async def test_b3_stopped_at_any_call_it_is_the_old_one_or_the_new_one(
    tmp_path: Path, rng: random.Random, scheme: str, path: str, afterwards: bool, steps_rename: bool
) -> None:
    operator = opendal.Operator(scheme, root=str(tmp_path) if scheme == "fs" else "/")
    sound = target_on(operator, rng)
    old = b"old" if path == "head" else None

    async def stopped_at(step: int) -> bool:
        """Put until the n-th call; tell whether there was one."""
        failing = FailingOperator(operator, step, afterwards, steps_rename, tears=scheme == "fs")
        with suppress(TargetUnreachable):
            await put(target_on(failing, rng), path, b"new")
        there = await sound.size(path) is not None
        assert (await whole(sound, path) if there else None) in (old, b"new"), step
        return failing.failed

    for first, second in product(range(1, 8), repeat=2):
        await sound.delete(path)
        if old is not None:
            await put(sound, path, old)
        if await stopped_at(first):
            await stopped_at(second)
        await put(sound, path, b"new")
        assert await whole(sound, path) == b"new"
    assert not await stopped_at(9)


async def test_old_drafts_go_and_young_ones_stay(tmp_path: Path, rng: random.Random) -> None:
    operator = opendal.Operator("fs", root=str(tmp_path))
    target = target_on(operator, rng)
    await put(target, SEGMENT, b"x")
    draft = f"{SEGMENT}.{'0' * 16}.new"
    operator.write(draft, b"half")
    operator.write("other.new", b"mine")
    changed = datetime.fromtimestamp(START_MS / 1000, UTC)
    for age, stays in ((timedelta(hours=23), True), (timedelta(hours=25), False)):
        set_time(tmp_path / draft, changed - age)
        assert await everything(target) == [Listed(SEGMENT, 1)]
        await target.keep([])
        assert operator.exists(draft) is stays
    assert operator.exists("other.new")


def set_time(path: Path, when: datetime) -> None:
    os.utime(path, (when.timestamp(), when.timestamp()))


# --- a cloud that does not tell the truth -------------------------------------


class Liar:
    """An operator that says what it is told to."""

    def __init__(self, **answers: Any) -> None:
        self._answers = answers

    def capability(self) -> Any:
        return SimpleNamespace(rename=False, write_can_multi=False)

    def __getattr__(self, name: str) -> Any:
        answer = self._answers[name]

        def call(*args: Any, **kwargs: Any) -> Any:
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


def entry(path: str, size: int = 1) -> Any:
    about = SimpleNamespace(is_file=True, content_length=size, last_modified=None)
    return SimpleNamespace(path=path, metadata=about)


async def test_p6_a_list_without_end_is_given_up(
    rng: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = 0

    def endless() -> Iterator[Any]:
        nonlocal drawn
        while True:
            drawn += 1
            yield entry(SEGMENT)

    monkeypatch.setattr(listing, "MAX_LISTED_OBJECTS", 5_000)
    target = target_on(Liar(list=endless()), rng)
    with pytest.raises(TargetRefused, match="has no end"):
        await everything(target)
    assert drawn <= 6_000


async def test_p6_paths_that_lead_elsewhere_are_not_listed(rng: random.Random) -> None:
    paths = ["../head", "/etc/passwd", "segment/../../x", "head\0", "\x1b[31m", SEGMENT + "/", ""]
    target = target_on(Liar(list=[*map(entry, paths), entry("head", 7), entry("keyring", -1)]), rng)
    assert [each async for each in target.listed()] == [Listed("head", 7)]


@pytest.mark.parametrize("given", [b"", b"x", b"x" * 100])
async def test_p6_a_read_of_another_length_is_refused(rng: random.Random, given: bytes) -> None:
    target = target_on(Liar(stat=SimpleNamespace(content_length=50), read=given), rng)
    with pytest.raises(TargetRefused, match="sizes do not add up"):
        await target.read(SEGMENT, 0, 20)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (exceptions.NotFound("NotFound (permanent) at read => x"), ObjectMissing),
        (exceptions.PermissionDenied("PermissionDenied (permanent) => x"), TargetRefused),
        (exceptions.Unexpected("Unexpected (permanent) => status: 401"), TargetRefused),
        (exceptions.Unexpected("Unexpected (permanent) => status: 507,"), TargetFull),
        (exceptions.Unexpected("Unexpected (permanent) => QuotaExceeded"), TargetFull),
        (exceptions.RateLimited("RateLimited (temporary) => x"), TargetUnreachable),
        (exceptions.Unexpected("Unexpected (temporary) => dns error: x"), TargetUnreachable),
        (exceptions.Unexpected("Unexpected (permanent) => status: 418"), TargetRefused),
        (exceptions.ConfigInvalid("ConfigInvalid (permanent) => x"), TargetRefused),
        (OSError("Unexpected (temporary) at write => timed out"), TargetUnreachable),
    ],
)
async def test_p8_errors_are_told_in_our_own_words(
    rng: random.Random, error: Exception, expected: type[TargetError]
) -> None:
    error.args = (f"{error.args[0]}\n password: hunter2 \x1b[31m",)
    target = target_on(Liar(stat=error), rng)
    with pytest.raises(expected, match="cloud:here") as caught:
        await target.read(SEGMENT, 0, 20)
    told = caught.value
    assert type(told) is expected
    assert "hunter2" not in f"{told.what}{told.why}{told.hint}{told.__cause__!r}"
