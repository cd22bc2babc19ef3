"""A disk that fails: refusals with a time to wait, nothing half stored, and the relay lives."""

import random
from pathlib import Path

import apsw

from protocol.wire.messages import (
    Accepted,
    Acknowledge,
    Acknowledged,
    LoggedIn,
    PrekeysStored,
    Refusal,
    Refused,
    Subscribe,
    Subscribed,
)
from server.answers import TROUBLE_RETRY_MS
from server.store.sqlite.lane import in_thread
from server.store.sqlite.store import SqliteStore
from tests.support.relay_rig import FakeClock, relay_rig
from tests.support.vfs_shim import DiskEvent, ShimVFS
from tests.support.wire_client import submit_to

TROUBLE = Refused(Refusal.RELAY_TROUBLE, TROUBLE_RETRY_MS)


def full(event: DiskEvent) -> None:
    if event.kind == "write":
        raise apsw.FullError("database or disk is full")


async def test_a_full_disk_refuses_and_the_relay_lives(rng: random.Random, tmp_path: Path) -> None:
    with ShimVFS("full") as disk:
        clock = FakeClock()
        store = await SqliteStore.open(tmp_path / "relay.db", clock, in_thread, disk.name)
        async with relay_rig(rng, store, clock) as rig:
            alice, bob = await rig.enter("alice"), await rig.enter("bob")
            await bob.ask(Subscribe())
            submits = [submit_to(rig.person("bob"), rng.randbytes(5_000), rng) for _ in range(9)]
            await alice.ask_for(Accepted, submits[0])
            await bob.next_mail()

            disk.fault = full
            assert await alice.ask_all(submits[1:]) == [TROUBLE] * 8
            assert await bob.ask(Acknowledge(1)) == TROUBLE
            assert await bob.ask(rig.person("bob").prekeys(1, 3)) == TROUBLE
            # What only reads goes on.
            other = await rig.greeted()
            await other.ask_for(LoggedIn, rig.person("alice").login(other.welcome))
            assert await other.ask(Subscribe()) == Subscribed(0)

            disk.fault = None
            assert {type(a) for a in await alice.ask_all(submits)} == {Accepted}
            assert [(await bob.next_mail()).sequence for _ in range(8)] == list(range(2, 10))
            assert await bob.ask(Acknowledge(9)) == Acknowledged(9)
            assert await bob.ask(rig.person("bob").prekeys(1, 3)) == PrekeysStored(3)
            assert len(rig.events("store-trouble")) >= 2
        await store.close()
