"""P6 with a real process: sockets, TLS, and the memory that the kernel counts.

Loopback is spared the rates, so what holds here is what holds against anybody:
windows, queues, back-pressure and timeouts. The bounds are generous; what the
structures may hold to the byte is asserted in the tests beside this one.
"""

import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest
import trio

from protocol.ids import BlobId
from protocol.limits import BLOB_PIECE_BYTES, MAX_BLOB_PART_BYTES, MAX_FRAME_BYTES
from protocol.wire.messages import (
    Accepted,
    Acknowledge,
    Acknowledged,
    BlobStored,
    GetBlob,
    PutBlob,
    Subscribe,
    Subscribed,
)
from tests.support.relay_process import RelayProcess, relay_process
from tests.support.wire_client import Person, StreamEnded, WireClient, submit_to

pytestmark = pytest.mark.slow

CONNECTIONS = 100
EXCHANGES = 20
MOST_SECONDS = 120  # the machine may do much else; a relay that is stopped never gets there
# A connection may hold a frame, a page of mail on its way and one to come, and TLS copies of them:
# about 1 MB. The rest is the committer, SQLite, and what the allocator does not give back.
MOST_GROWTH_BYTES = 100_000_000 + CONNECTIONS * 1_500_000

BLOB = BlobId(b"b" * 32)


def resident_bytes(relay: RelayProcess) -> int:
    """Give the process's resident set size."""
    pages = int(Path(f"/proc/{relay.process.pid}/statm").read_text().split()[1])
    return pages * 4_096


async def half_a_frame(client: WireClient, _rng: random.Random) -> None:
    await client.stream.send_all(MAX_FRAME_BYTES.to_bytes(4, "big") + bytes(MAX_FRAME_BYTES - 1))
    await trio.sleep_forever()


async def large_parts_unread(client: WireClient, _rng: random.Random) -> None:
    await client.send([GetBlob(BLOB, 0, MAX_BLOB_PART_BYTES)] * 32)
    await trio.sleep_forever()


async def blobs_without_end(client: WireClient, rng: random.Random) -> None:
    while True:
        some = PutBlob(BlobId(rng.randbytes(32)), b"s" * 32, 0, BLOB_PIECE_BYTES, bytes(65_536))
        await client.ask(some)


async def mail_unread(client: WireClient, rng: random.Random) -> None:
    me = Person.called(f"sock{rng.getrandbits(64)}", rng)
    await client.enter_now(me, client.welcome.relay_key)
    await client.send([Subscribe()])
    while True:
        await client.send([submit_to(me, bytes(100_000), rng)])


@pytest.mark.parametrize(
    "attack", [half_a_frame, large_parts_unread, blobs_without_end, mail_unread]
)
async def test_p6_memory_stays_and_the_others_talk(
    tmp_path: Path,
    rng: random.Random,
    attack: Callable[[WireClient, random.Random], Awaitable[None]],
) -> None:
    with relay_process(tmp_path) as relay:
        one = await relay.enter(Person.called("one", rng))
        await one.ask_for(Subscribed, Subscribe())
        blob = PutBlob(BLOB, b"s" * 32, 0, MAX_BLOB_PART_BYTES, bytes(MAX_BLOB_PART_BYTES))
        await one.ask_for(BlobStored, blob)
        before = resident_bytes(relay)
        async with trio.open_nursery() as nursery:
            for _ in range(CONNECTIONS):
                client, _ = await relay.connect()
                nursery.start_soon(attacking, attack, client, rng)
            with trio.fail_after(MOST_SECONDS):
                for _ in range(EXCHANGES):
                    await say_something(one, rng)
                    assert resident_bytes(relay) - before < MOST_GROWTH_BYTES
            nursery.cancel_scope.cancel()


async def attacking(
    attack: Callable[[WireClient, random.Random], Awaitable[None]],
    client: WireClient,
    rng: random.Random,
) -> None:
    with suppress(trio.BrokenResourceError, trio.ClosedResourceError, StreamEnded):
        await attack(client, rng)


async def say_something(one: WireClient, rng: random.Random) -> None:
    """Write to oneself, and wait for it."""
    await one.ask_for(Accepted, submit_to(Person.called("one", rng), b"sealed", rng))
    mail = await one.next_mail()
    await one.ask_for(Acknowledged, Acknowledge(mail.sequence))
    await trio.sleep(0.2)
