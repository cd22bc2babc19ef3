"""What is put: the same bytes however often they are read, and nothing left of them."""

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from client.backup.targets.interface import PIECE_BYTES, Source
from client.backup.targets.sources import BytesSource, file_source, spooled
from client.errors import LocalError
from tests.client.backup.targets.storages import yielding

T = TypeVar("T")


async def require_same(source: Source, data: bytes) -> None:
    assert source.size == len(data)
    for offset, length in ((0, len(data)), (3, 10), (len(data) - 2, 10), (len(data) + 5, 1)):
        assert await source.read(offset, length) == data[offset : offset + length]


async def test_all_kinds_give_the_same_twice(tmp_path: Path, rng: random.Random) -> None:
    data = rng.randbytes(2 * PIECE_BYTES + 77)
    (tmp_path / "file").write_bytes(data)
    chunks = [data[at : at + 70_000] for at in range(0, len(data), 70_000)]
    await require_same(BytesSource(data), data)
    async with file_source(tmp_path / "file", yielding) as source:
        await require_same(source, data)
        await require_same(source, data)
    async with spooled(iter(chunks), tmp_path, yielding) as source:
        await require_same(source, data)
        await require_same(source, data)
        assert os.listdir(tmp_path) == ["file"], "it has no name"
    async with spooled([], tmp_path, yielding) as source:
        assert source.size == 0


async def test_chunks_are_drawn_as_they_are_written(tmp_path: Path) -> None:
    """Two pieces of them are never held at once."""
    drawn = 0

    def chunks() -> Iterator[bytes]:
        nonlocal drawn
        for _ in range(8):
            drawn += 1
            yield bytes(PIECE_BYTES // 2)

    seen: list[int] = []

    async def watched(function: Callable[[], T]) -> T:
        seen.append(drawn)
        return await yielding(function)

    async with spooled(chunks(), tmp_path, watched) as source:
        assert source.size == 4 * PIECE_BYTES
    assert seen == [0, 0, 2, 4, 6, 8]


async def test_a_file_that_shrinks_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(100))
    async with file_source(tmp_path / "file", yielding) as source:
        os.truncate(tmp_path / "file", 50)
        with pytest.raises(LocalError, match="became shorter"):
            await source.read(0, 100)


async def test_what_cannot_be_opened_is_told(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="cannot be read"):
        async with file_source(tmp_path / "none", yielding):
            pass
    with pytest.raises(LocalError, match="cannot be written"):
        async with spooled([b"x"], tmp_path / "none", yielding):
            pass
