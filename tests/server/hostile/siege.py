"""A relay process under attack: what the kernel counts of it, while somebody goes on writing.

Loopback is spared the rates, so what is counted here is what windows, queues,
back-pressure and timeouts allow by themselves.
"""

import os
import random
from dataclasses import dataclass
from pathlib import Path

import trio

from protocol.limits import MAX_BLOB_PART_BYTES
from protocol.wire.messages import (
    Accepted,
    Acknowledge,
    Acknowledged,
    BlobStored,
    PutBlob,
    Subscribe,
    Subscribed,
)
from tests.server.hostile.attacks import BLOB, Attack, attacking
from tests.support.relay_process import RelayProcess, relay_process
from tests.support.wire_client import Person, WireClient, submit_to

EXCHANGES = 20
MOST_SECONDS = 120  # the machine may do much else; a relay that is stopped never gets there
PAUSE_SECONDS = 0.2


@dataclass(frozen=True)
class Held:
    """What a process holds at one moment."""

    resident_bytes: int
    descriptors: int


@dataclass(frozen=True)
class Siege:
    """How an attack went.

    Attributes:
        before: what the relay held at rest.
        most: the most it held at any look, of each.
    """

    name: str
    connections: int
    before: Held
    most: Held
    exchanges: int


async def besiege(folder: Path, attack: Attack, connections: int, rng: random.Random) -> Siege:
    """Let many attack a fresh relay while one writes to itself and reads it.

    Raises:
        trio.TooSlowError: the one did not get through.
    """
    with relay_process(folder) as relay:
        one = await relay.enter(Person.called("one", rng))
        await one.ask_for(Subscribed, Subscribe())
        blob = PutBlob(BLOB, b"s" * 32, 0, MAX_BLOB_PART_BYTES, bytes(MAX_BLOB_PART_BYTES))
        await one.ask_for(BlobStored, blob)
        looks = [before := held_by(relay)]
        async with trio.open_nursery() as nursery:
            for _ in range(connections):
                nursery.start_soon(attacking, attack, relay, rng)
            with trio.fail_after(MOST_SECONDS):
                for _ in range(EXCHANGES):
                    await say_something(one, rng)
                    looks.append(held_by(relay))
            nursery.cancel_scope.cancel()
    most = Held(max(each.resident_bytes for each in looks), max(each.descriptors for each in looks))
    return Siege(attack.__name__, connections, before, most, EXCHANGES)


def held_by(relay: RelayProcess) -> Held:
    """Look at a relay's memory and descriptors."""
    process = Path(f"/proc/{relay.process.pid}")
    pages = int((process / "statm").read_text().split()[1])
    return Held(pages * os.sysconf("SC_PAGE_SIZE"), len(list((process / "fd").iterdir())))


async def say_something(one: WireClient, rng: random.Random) -> None:
    """Write to oneself, and wait for it."""
    await one.ask_for(Accepted, submit_to(Person.called("one", rng), b"sealed", rng))
    mail = await one.next_mail()
    await one.ask_for(Acknowledged, Acknowledge(mail.sequence))
    await trio.sleep(PAUSE_SECONDS)
