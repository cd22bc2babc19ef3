"""A backup in one file: written whole or not at all, read as a storage, whoever made the tar."""

import os
import random
import stat
import tarfile
from pathlib import Path

import pytest

from client.backup import exporting
from client.backup.exporting import Copied, export
from client.backup.targets.interface import ObjectMissing, TargetError, TargetRefused
from client.backup.targets.sources import BytesSource
from client.backup.targets.tar import TarTarget, tar_target
from client.backup.targets.tar_format import (
    BLOCK_BYTES,
    BadTar,
    header_of,
    members_untrusted,
    tar_bytes,
)
from client.errors import LocalError
from protocol.archive.opening import reader_of
from tests.client.backup.reading.archives import MemoryTarget, at_once


def tree(rng: random.Random) -> dict[str, bytes]:
    """Give files of every awkward size under paths of a backup."""
    sizes = (0, 1, 511, 512, 513, 1_048_577)
    files = {f"segment/{rng.randbytes(32).hex()}": rng.randbytes(size) for size in sizes}
    return {"keyring": b"keys", "head": b"", **files}


async def exported(files: dict[str, bytes], path: Path) -> list[Copied]:
    told: list[Copied] = []
    await export(MemoryTarget(dict(files)), [*files], path, at_once, told.append)
    return told


async def contents(target: TarTarget) -> dict[str, bytes]:
    return {each.path: await target.read(each.path, 0, each.size) async for each in target.listed()}


async def test_what_goes_in_comes_out(tmp_path: Path, rng: random.Random) -> None:
    files, path = tree(rng), tmp_path / "x.tar"
    told = await exported(files, path)
    async with tar_target(path, at_once) as target:
        assert await contents(target) == files
        name = max(files, key=lambda each: len(files[each]))
        assert await target.read(name, 1_000_000, 99_999) == files[name][1_000_000:]
        assert await target.size("segment/" + "0" * 64) is None
        with pytest.raises(ObjectMissing):
            await target.read("segment/" + "0" * 64, 0, 1)
    assert path.stat().st_size == tar_bytes([len(data) for data in files.values()])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert told[-1].done_bytes == sum(map(len, files.values())) <= told[-1].total_bytes


async def test_any_tar_program_reads_and_writes_it(tmp_path: Path, rng: random.Random) -> None:
    files, path = tree(rng), tmp_path / "x.tar"
    await exported(files, path)
    with tarfile.open(path) as tar:
        tar.extractall(tmp_path / "folder", filter="data")
    for name, data in files.items():
        assert (tmp_path / "folder" / name).read_bytes() == data
    for kind in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT):
        with tarfile.open(tmp_path / "again.tar", "w", format=kind) as tar:
            tar.add(tmp_path / "folder", ".")
        async with tar_target(tmp_path / "again.tar", at_once) as target:
            assert await contents(target) == files


async def test_it_takes_nothing(tmp_path: Path, rng: random.Random) -> None:
    await exported(tree(rng), tmp_path / "x.tar")
    async with tar_target(tmp_path / "x.tar", at_once) as target:
        for refused in (
            target.prepare(),
            target.put("head", BytesSource(b"")),
            target.delete("head"),
        ):
            with pytest.raises(TargetRefused, match="only read"):
                await refused
        await target.keep(["head"])


async def test_a_cut_tar_gives_what_is_before_the_cut(tmp_path: Path, rng: random.Random) -> None:
    files, path = tree(rng), tmp_path / "x.tar"
    await exported(files, path)
    os.truncate(path, 600_000)
    async with tar_target(path, at_once) as target:
        found = [each.path async for each in target.listed()]
        assert found == [*files]
        last = found[-1]
        assert len(await target.read(last, 0, 1_048_577)) < 600_000


@pytest.mark.parametrize("data", [b"", b"no tar", b"x" * 512, bytes(1_024)])
async def test_what_is_no_tar_is_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_bytes(data)
    with pytest.raises(TargetRefused, match="no uncompressed tar"):
        async with tar_target(tmp_path / "x.tar", at_once):
            pass
    with pytest.raises(TargetError, match="cannot be read"):
        async with tar_target(tmp_path / "none.tar", at_once):
            pass


def test_a_tar_without_end_costs_no_memory() -> None:
    folder = tarfile.TarInfo("folder")
    folder.type = tarfile.DIRTYPE
    block = folder.tobuf(tarfile.GNU_FORMAT)
    with pytest.raises(BadTar):
        members_untrusted(lambda _offset, length: block[:length])


def test_attributes_that_claim_to_be_huge_are_not_read() -> None:
    huge = tarfile.TarInfo("attributes")
    huge.type, huge.size = tarfile.XHDTYPE, 1 << 40
    most = []

    def read_at(offset: int, length: int) -> bytes:
        most.append(length)
        return huge.tobuf(tarfile.GNU_FORMAT) if offset == 0 else b""

    assert members_untrusted(read_at) == {}
    assert max(most) == BLOCK_BYTES


def test_names_that_are_none_of_a_backup_are_passed_over(rng: random.Random) -> None:
    names = ("../head", "/head", "head/", "keyring.new", "segment/short", "head")
    data = b"".join(header_of(name, 0) for name in names) + bytes(1_024)
    assert [*members_untrusted(reader_of(data))] == ["head"]


async def test_a_failure_leaves_the_old_file(
    tmp_path: Path, rng: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.tar"
    path.write_bytes(b"the old one")
    files = tree(rng)
    target = MemoryTarget(dict(files))
    lost = [*files, "segment/" + "0" * 64]
    with pytest.raises(ObjectMissing, match="segment"):
        await export(target, lost, path, at_once, lambda _: None)

    def no_room(_draft: object, _data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(exporting, "_write_all", no_room)
    with pytest.raises(LocalError, match="cannot be written"):
        await exported(files, path)
    assert path.read_bytes() == b"the old one"
    assert os.listdir(tmp_path) == ["x.tar"]
