"""A folder on a disk that fails, fills, is pulled out, or holds other things."""

import errno
import os
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from client.backup.targets import folder_files
from client.backup.targets.folder import FolderTarget
from client.backup.targets.interface import (
    Target,
    TargetError,
    TargetFull,
    TargetRefused,
    TargetUnreachable,
)
from client.backup.targets.sources import BytesSource
from tests.client.backup.targets.dying_os import DyingOs, Killed
from tests.client.backup.targets.storages import surroundings
from tests.client.backup.targets.test_conformance import SEGMENT, everything, put, whole

Make = Callable[[], FolderTarget]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "disk"


@pytest.fixture
async def make(root: Path, rng: random.Random) -> Make:
    def made() -> FolderTarget:
        return FolderTarget(root, surroundings(rng))

    await made().prepare()
    return made


def files(root: Path) -> list[str]:
    return sorted(str(each.relative_to(root)) for each in root.rglob("*") if each.is_file())


def remove(root: Path) -> None:
    root.rmdir()


def unlink(path: Path) -> None:
    path.unlink()


def is_there(root: Path) -> bool:
    return root.exists()


def pull_out(root: Path) -> None:
    """Leave an empty mount point, as a disk does that is pulled out."""
    root.rename(root.with_name("pulled out"))
    root.mkdir()


@pytest.mark.parametrize("path", ["head", SEGMENT])
@pytest.mark.parametrize("existing", [None, b"old"])
@pytest.mark.parametrize(
    "error", [Killed(), OSError(errno.ENOSPC, "full"), OSError(errno.EIO, "broken")]
)
async def test_b3_stopped_at_any_call_it_is_the_old_one_or_the_new_one(
    make: Make,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    existing: bytes | None,
    error: BaseException,
) -> None:
    for step in range(1, 100):
        await make().delete(path)
        if existing is not None:
            await put(make(), path, existing)
        dying = DyingOs(step, error)
        monkeypatch.setattr(folder_files, "os", dying)
        target = make()
        with suppress(Killed, TargetError):
            await put(target, path, b"new")
        monkeypatch.setattr(folder_files, "os", os)
        if not dying.fired:
            break
        found = await read_or_none(make(), path)
        assert found in (existing, b"new"), step
        await put(make(), path, b"new")
        assert await whole(make(), path) == b"new"
        assert files(root) == [path], "what a crash leaves goes with the next put"
    assert step > 6


async def read_or_none(target: Target, path: str) -> bytes | None:
    return None if await target.size(path) is None else await whole(target, path)


async def test_b3_bytes_are_on_the_disk_before_the_name_and_the_name_before_the_end(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    dying = DyingOs()
    target = make()
    await put(target, "head", b"old")
    monkeypatch.setattr(folder_files, "os", dying)
    await put(target, "head", b"new")
    assert [call for call in dying.calls if call != "open"] == ["write", "fsync", "rename", "fsync"]
    dying.calls.clear()
    await target.delete("head")
    assert [call for call in dying.calls if call != "open"] == ["unlink", "fsync"]


async def test_b3_a_full_disk_keeps_the_old_one_and_says_so(
    make: Make, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(make(), "head", b"old")
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    monkeypatch.setattr(folder_files, "os", DyingOs(1, full, frozenset({"write"})))
    with pytest.raises(TargetFull, match="no room") as caught:
        await put(make(), "head", b"new")
    assert str(root) in caught.value.what
    assert files(root) == ["head"]
    assert (root / "head").read_bytes() == b"old"


async def test_a_folder_that_is_missing_is_not_made(make: Make, root: Path) -> None:
    """It is an unplugged disk: a backup beside its mount point would help nobody."""
    remove(root)
    target = make()
    with pytest.raises(TargetUnreachable, match="not there"):
        await put(target, SEGMENT, b"x")
    with pytest.raises(TargetUnreachable, match="not there"):
        await target.size("head")
    with pytest.raises(TargetUnreachable, match="not there"):
        await everything(target)
    assert not is_there(root)


async def test_a_disk_pulled_out_in_the_middle_is_noticed(make: Make, root: Path) -> None:
    target = make()
    await put(target, "head", b"x")
    pull_out(root)
    for call in (put(target, SEGMENT, b"x"), target.size("head"), target.delete("head")):
        with pytest.raises(TargetUnreachable, match="another folder"):
            await call
    assert files(root) == []


async def test_a_disk_pulled_out_under_a_put_gets_nothing_of_it(make: Make, root: Path) -> None:
    class PullsOut(BytesSource):
        async def read(self, offset: int, length: int) -> bytes:
            pull_out(root)
            return self.data

    await make().put(SEGMENT, PullsOut(b"x"))
    assert files(root) == []
    assert files(root.with_name("pulled out")) == [SEGMENT]


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES])
async def test_a_folder_that_may_not_be_written(
    make: Make, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    for step in ("open", "mkdir", "rename"):
        denied = OSError(code, os.strerror(code))
        monkeypatch.setattr(folder_files, "os", DyingOs(1, denied, frozenset({step})))
        with pytest.raises(TargetRefused, match="may not be"):
            await put(make(), SEGMENT, b"x")


async def test_symbolic_links_inside_are_not_followed(
    make: Make, root: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (root / "segment").symlink_to(elsewhere)
    (tmp_path / "secret").write_bytes(b"secret")
    (root / "head").symlink_to(tmp_path / "secret")
    for call in (put(make(), SEGMENT, b"x"), make().size(SEGMENT), make().read("head", 0, 6)):
        with pytest.raises(TargetRefused, match="neither a file nor a folder"):
            await call
    assert files(elsewhere) == []
    unlink(root / "segment")
    await put(make(), "head", b"ours")
    assert (tmp_path / "secret").read_bytes() == b"secret"


async def test_what_is_no_file_is_refused_and_does_not_block(make: Make, root: Path) -> None:
    os.mkfifo(root / "head")
    (root / "keyring").mkdir()
    for path in ("head", "keyring"):
        with pytest.raises(TargetRefused):
            await make().read(path, 0, 1)
    with pytest.raises(TargetRefused, match="in the way"):
        await put(make(), "keyring", b"x")


async def test_leftovers_of_others_stay_while_they_write(make: Make, root: Path) -> None:
    """Two programs: one is in the middle of a put when the other begins."""

    class Meanwhile(BytesSource):
        async def read(self, offset: int, length: int) -> bytes:
            await put(make(), SEGMENT, self.data)
            assert len(files(root)) == 2
            return self.data

    await make().put("head", Meanwhile(b"x"))
    assert files(root) == ["head", SEGMENT]


async def test_files_are_for_their_owner_only(make: Make, root: Path) -> None:
    await put(make(), SEGMENT, b"x")
    modes = [each.stat().st_mode & 0o777 for each in (root, root / "segment", root / SEGMENT)]
    assert modes == [0o700, 0o700, 0o600]


async def test_a_second_look_takes_a_lock_before_it_is_taken_for_a_leftover(
    make: Make, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between making a draft and locking it another program may tidy: the draft is made anew."""
    tidied: list[str] = []

    class Tidies(DyingOs):
        def _count(self, name: str) -> None:
            return

        def fstat(self, file: int) -> os.stat_result:
            for left in root.glob(".head.*.new"):
                if not tidied:
                    tidied.append(left.name)
                    left.unlink()
            return os.fstat(file)

    target = make()
    await put(target, SEGMENT, b"x")
    monkeypatch.setattr(folder_files, "os", Tidies())
    await put(target, "head", b"x")
    assert len(tidied) == 1
    assert files(root) == ["head", SEGMENT]
