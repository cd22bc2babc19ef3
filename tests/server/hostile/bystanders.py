"""Two people who talk while a relay is attacked, and a watchman who counts what it holds.

    async with under_attack(rig, limits):
        await the attack

At the end the two must have gone on talking without a delay, and at no moment may
the relay have held more than its limits say. Counted are the structures that could
grow; how much memory the process takes is another test's business.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import trio

from protocol.limits import (
    DELIVERY_WINDOW,
    DELIVERY_WINDOW_BYTES,
    MAX_BLOB_PART_BYTES,
    MAX_FRAME_BYTES,
    MAX_LISTED_BLOBS,
    MAX_REQUESTS_IN_FLIGHT,
)
from protocol.wire.messages import (
    Accepted,
    Acknowledge,
    Acknowledged,
    BlobPart,
    BlobsListed,
    Subscribe,
    Subscribed,
)
from server.committer import MAX_QUEUED_BYTES
from server.connection import Connection
from server.conversation import READ_BYTES, Conversation
from server.delivery import PAGE_BYTES, PAGE_COUNT
from server.limits.source import Source, source_of
from server.limits.values import Limits
from server.relay import Relay
from server.signal import Signal
from tests.support.relay_rig import RelayRig
from tests.support.wire_client import WireClient, submit_to

PAUSE_SECONDS = 0.5

# In virtual time the relay's own work takes none at all: what is over this is waiting.
MOST_LATENCY_SECONDS = 0.1


def house(number: int) -> Source:
    """Give an address far away."""
    return source_of(f"198.51.100.{number}", 40_000)


@dataclass
class Talk:
    """How the two fared."""

    latencies: list[float] = field(default_factory=list)
    spoke: Signal = field(default_factory=Signal)

    def assert_undisturbed(self) -> None:
        """Check that they went on, without a delay."""
        assert max(self.latencies) < MOST_LATENCY_SECONDS


@asynccontextmanager
async def under_attack(rig: RelayRig, limits: Limits) -> AsyncIterator[Talk]:
    """Let two people talk and a watchman count, until the block is left."""
    one = await rig.enter("one", house(1))
    other = await rig.enter("other", house(2))
    for each in (one, other):
        await each.ask_for(Subscribed, Subscribe())
    talk = Talk()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_talk, rig, one, other, talk)
        nursery.start_soon(_watch, rig.relay, limits)
        await _until_said(talk, 1)
        yield talk
        await _until_said(talk, len(talk.latencies) + 2)
        nursery.cancel_scope.cancel()
    talk.assert_undisturbed()


async def _until_said(talk: Talk, count: int) -> None:
    with trio.fail_after(20):
        while len(talk.latencies) < count:
            await talk.spoke.wait()


async def _talk(rig: RelayRig, one: WireClient, other: WireClient, talk: Talk) -> None:
    pairs = [(one, other, "other"), (other, one, "one")]
    while True:
        for speaker, listener, name in pairs:
            start = trio.current_time()
            submit = submit_to(rig.person(name), b"sealed", rig.rng)
            await speaker.ask_for(Accepted, submit)
            mail = await listener.next_mail()
            assert mail.envelope_id == submit.envelope_id
            await listener.ask_for(Acknowledged, Acknowledge(mail.sequence))
            talk.latencies.append(trio.current_time() - start)
            talk.spoke.set()
        await trio.sleep(PAUSE_SECONDS)


# --- the watchman -----------------------------------------------------------


async def _watch(relay: Relay, limits: Limits) -> None:
    while True:
        check_bounds(relay, limits)
        await trio.sleep(PAUSE_SECONDS / 10)


def check_bounds(relay: Relay, limits: Limits) -> None:
    """Count all that could grow in a relay."""
    assert len(relay._connections) <= len(relay._door) <= limits.connections_in_all
    for connection in relay._connections:
        check_connection(connection)
    # One more job for each connection that waits in put().
    room = MAX_QUEUED_BYTES + len(relay._connections) * MAX_FRAME_BYTES
    assert relay._committer._queued_bytes <= room
    assert relay._services.tolls.bucket_count <= 7 * limits.most_buckets
    assert len(relay._door._knocks) <= limits.most_buckets
    assert len(relay._services.subscriptions) <= len(relay._connections)
    assert len(relay._services.presence) <= len(relay._connections)


def check_connection(connection: Conversation) -> None:
    """Count all that could grow in one connection."""
    assert len(connection._link._reader._buffer) <= MAX_FRAME_BYTES + 4 + READ_BYTES
    places = connection._writer._outbox._places
    assert len(places) <= MAX_REQUESTS_IN_FLIGHT
    answers = [place.answer for place in places]
    parts = [answer for answer in answers if isinstance(answer, BlobPart)]
    lists = [answer for answer in answers if isinstance(answer, BlobsListed)]
    assert len(parts) + len(lists) <= 1
    assert sum(len(part.data) for part in parts) <= MAX_BLOB_PART_BYTES
    assert sum(len(each.blobs) for each in lists) <= MAX_LISTED_BLOBS
    assert isinstance(connection, Connection)
    delivery = connection._delivery
    if delivery is not None:
        window = delivery._window
        assert len(delivery._fresh) <= PAGE_COUNT
        assert delivery._fresh_bytes <= PAGE_BYTES
        assert len(window._under_way) <= DELIVERY_WINDOW
        assert window._bytes <= DELIVERY_WINDOW_BYTES
