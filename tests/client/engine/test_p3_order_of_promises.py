"""P3: what is promised to the network is on disk before.

Both tests pull the plug (of a copy) at the instant a message enters the stream. A Submit of
an envelope whose row a power loss would take, or an Acknowledge of a message that it would take,
fails them.
"""

import random
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import trio

from client.engine.engine import open_engine
from client.profile.opening import OpenProfile, unlock
from client.profile.paths import profile_folder
from client.store import outbox, seen
from client.store.connection import open_database_file
from client.store.database import open_database
from client.store.transaction import Transaction, run_reading
from protocol.ids import DeviceAddress, EnvelopeId, Name
from protocol.wire.messages import Acknowledge, Message, Submit
from server.store.values import StoredMail
from tests.client.engine.world import Person, World, run_inline, small_world
from tests.support.vfs_shim import ShimVFS
from tests.support.watched_stream import WatchedStream

T = TypeVar("T")

Observe = Callable[[Message], None]


@asynccontextmanager
async def watched_engine(world: World, name: str, disk: ShimVFS) -> AsyncIterator[Person]:
    """Open a profile on a disk that remembers what was synced."""
    folder, around = profile_folder(world.home, Name(name)), world.surroundings(name)
    key = unlock(folder, None)
    async with (
        open_database(folder.database, key, run_inline, vfs=disk.name_with_ciphers) as database,
        open_engine(
            OpenProfile(Name(name), folder, database),
            receive=True,
            surroundings=around,
            dialer=world.dial,
        ) as engine,
    ):
        yield Person(Name(name), engine)


def watching(observe: Observe) -> Callable[[trio.abc.Stream], trio.abc.Stream]:
    return lambda stream: WatchedStream(stream, lambda _request_id, message: observe(message))


async def test_p3_an_envelope_is_submitted_only_when_its_row_is_synced(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    submitted: list[bytes] = []
    async with small_world(tmp_path, rng) as world:
        await world.register("alice")
        await world.register("bob")
        with ShimVFS("submitting") as disk:

            def observe(message: Message) -> None:
                if isinstance(message, Submit):
                    assert _ready_ids(world, disk) >= {message.envelope_id}
                    submitted.append(message.envelope_id)

            world.wrap = watching(observe)
            async with watched_engine(world, "alice", disk) as alice:
                await alice.say("bob", *(f"line {number}" for number in range(30)))
                await alice.engine.settle(60)
    assert len(submitted) == 31  # and the profile key


def _ready_ids(world: World, disk: ShimVFS) -> set[bytes]:
    items = _after_power_loss(world, "alice", disk, lambda tx: outbox.ready(tx, 100))
    return {item.envelope_id for item in items}


async def test_p3_a_delivery_is_acknowledged_only_when_it_is_stored_and_synced(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    acknowledged: list[int] = []
    async with small_world(tmp_path, rng) as world:
        await world.register("bob")
        async with world.person("alice") as alice:
            await alice.say("bob", *(f"line {number}" for number in range(30)))
            await alice.engine.settle(60)
        mail = await _mail(world)
        with ShimVFS("acknowledging") as disk:

            def observe(message: Message) -> None:
                if isinstance(message, Acknowledge):
                    wanted = [each.envelope_id for each in mail if each.sequence <= message.up_to]
                    assert _all_seen(world, disk, wanted)
                    acknowledged.append(message.up_to)

            world.wrap = watching(observe)
            async with watched_engine(world, "bob", disk) as bob:
                await bob.hears("alice", 30)
                await bob.engine.settle(60)
    assert acknowledged
    assert max(acknowledged) == max(each.sequence for each in mail)


async def _mail(world: World) -> Sequence[StoredMail]:
    page = await world.store.read_mail(DeviceAddress(Name("bob")), 0, 1_000, 1 << 30)
    assert len(page.mail) == 31  # and the profile key
    return page.mail


def _all_seen(world: World, disk: ShimVFS, envelope_ids: list[EnvelopeId]) -> bool:
    return _after_power_loss(
        world, "bob", disk, lambda tx: all(seen.has_envelope(tx, each) for each in envelope_ids)
    )


def _after_power_loss(
    world: World, name: str, disk: ShimVFS, function: Callable[[Transaction], T]
) -> T:
    """Read what would be left of a profile's database if the power failed now."""
    left = world.home / f"left {len(disk.trace)}"
    disk.power_loss(into=left)
    key = unlock(profile_folder(world.home, Name(name)), None)
    connection = open_database_file(left / "profile.db", key)
    try:
        return run_reading(connection, function)
    finally:
        connection.close()
        shutil.rmtree(left)
