"""Storages to hold every target to the same: each can be opened any number of times."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import opendal
import trio
from trio.testing import memory_stream_pair

from client.backup.targets.cloud import CloudTarget
from client.backup.targets.folder import FolderTarget
from client.backup.targets.interface import Target
from client.backup.targets.relay import relay_target
from client.network.blobs import WriteSecret
from client.network.transport import NO_RELAY_KEY, Dialed
from client.values import Surroundings
from protocol.archive.locator import Locator
from server.limits.source import HERE
from tests.support.relay_rig import START_MS, RelayRig, relay_rig

SECRET = WriteSecret(b"w" * 32)
LOCATOR = Locator(bytes(range(16)))

T = TypeVar("T")

Plant = Callable[[str, bytes], Awaitable[None]]


@dataclass(frozen=True)
class Storage:
    """A storage that outlives its targets.

    Args:
        open: gives a target as another run of the program would have it.
        plant: puts a file there that is none of ours; None where nobody can.
    """

    open: Callable[[], AbstractAsyncContextManager[Target]]
    plant: Plant | None = None


async def yielding(function: Callable[[], T]) -> T:
    """Run at once, but let others have their turn as a thread would."""
    await trio.lowlevel.checkpoint()
    return function()


def surroundings(rng: random.Random) -> Surroundings:
    return Surroundings(lambda: START_MS, rng.randbytes, yielding)


@asynccontextmanager
async def folder_storage(tmp_path: Path, rng: random.Random) -> AsyncIterator[Storage]:
    root = tmp_path / "disk"

    @asynccontextmanager
    async def opened() -> AsyncIterator[Target]:
        yield FolderTarget(root, surroundings(rng))

    async def plant(path: str, data: bytes) -> None:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)

    yield Storage(opened, plant)


def dialer_to(rig: RelayRig) -> Callable[[], Awaitable[Dialed]]:
    async def dial() -> Dialed:
        ours, theirs = memory_stream_pair()
        rig.nursery.start_soon(rig.relay.attend, theirs, HERE)
        return Dialed(ours, NO_RELAY_KEY, None, tls=False)

    return dial


@asynccontextmanager
async def relay_storage(tmp_path: Path, rng: random.Random) -> AsyncIterator[Storage]:
    async with relay_rig(rng) as rig:
        yield Storage(lambda: relay_target(LOCATOR, SECRET, dialer_to(rig)))


@asynccontextmanager
async def renaming_storage(tmp_path: Path, rng: random.Random) -> AsyncIterator[Storage]:
    """A service that writes in place and renames, as WebDAV does."""
    yield cloud_storage(opendal.Operator("fs", root=str(tmp_path)), rng)


@asynccontextmanager
async def whole_storage(tmp_path: Path, rng: random.Random) -> AsyncIterator[Storage]:
    """A service where a write is there whole or not at all, as S3 has it."""
    yield cloud_storage(opendal.Operator("memory"), rng)


def cloud_storage(operator: opendal.Operator, rng: random.Random) -> Storage:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Target]:
        yield CloudTarget("cloud:here", operator, surroundings(rng))

    async def plant(path: str, data: bytes) -> None:
        operator.write(path, data)

    return Storage(opened, plant)


STORAGES = {
    "folder": folder_storage,
    "relay": relay_storage,
    "renaming": renaming_storage,
    "whole": whole_storage,
}
