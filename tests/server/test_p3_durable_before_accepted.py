"""P3 at the relay: Accepted is said only when the envelope is on the platter.

The disk is a shim that knows what was synced. Every Accepted is caught on its
way out, and at that instant the envelope must be durable. The same play with a
planted fault must fail: a test that cannot fail proves nothing.
"""

import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trio
import trio.testing

from protocol.wire.messages import Accepted, Message, Submit
from server.committer import Committer, Job, SubmitJob
from server.store.sqlite import database
from server.store.sqlite.lane import Runner, in_thread, inline
from server.store.sqlite.schema import PRAGMAS
from server.store.sqlite.store import SqliteStore
from server.store.values import Stored
from tests.server.store.builders import waiting
from tests.support.relay_rig import FakeClock, RelayRig, StreamPair, relay_rig
from tests.support.vfs_shim import ShimVFS
from tests.support.watched_stream import WatchedStream
from tests.support.wire_client import WireClient, submit_to

SENDERS = 5
ROUNDS = 6
AT_ONCE = 12


@pytest.fixture
def disk() -> Iterator[ShimVFS]:
    with ShimVFS("p3") as disk:
        yield disk


@dataclass
class Witness:
    """Sees every Accepted leave, and asks the disk whether it is true."""

    disk: ShimVFS
    folder: Path
    submits: dict[tuple[int, int], Submit] = field(default_factory=dict)
    true_count: int = 0
    lies: list[bytes] = field(default_factory=list)
    accepted: list[bytes] = field(default_factory=list)
    snapshots: list[tuple[Path, list[bytes]]] = field(default_factory=list)

    def observe(self, sender: int, request_id: int, message: Message) -> None:
        if not isinstance(message, Accepted):
            return
        submit = self.submits[sender, request_id]
        self.accepted.append(submit.envelope_id)
        if self.disk.is_durable(submit.envelope):
            self.true_count += 1
        else:
            self.lies.append(submit.envelope_id)

    def lose_power(self) -> None:
        """Keep what a power loss now would leave, and what had been promised."""
        folder = self.folder / f"after-{len(self.snapshots)}"
        self.disk.power_loss(folder)
        self.snapshots.append((folder, list(self.accepted)))


@asynccontextmanager
async def relay_on(
    disk: ShimVFS, folder: Path, rng: random.Random, run: Runner
) -> AsyncIterator[RelayRig]:
    clock = FakeClock()
    store = await SqliteStore.open(folder / "relay.db", clock, run, disk.name)
    async with relay_rig(rng, store, clock) as rig:
        yield rig
    await store.close()


async def play(disk: ShimVFS, folder: Path, rng: random.Random, run: Runner) -> Witness:
    """Several senders, pipelined submits, a power loss now and then."""
    witness = Witness(disk, folder)
    async with relay_on(disk, folder, rng, run) as rig:
        await rig.enter("bob")
        async with trio.open_nursery() as nursery:
            for number in range(SENDERS):
                nursery.start_soon(send_mail, rig, witness, number)
    return witness


async def send_mail(rig: RelayRig, witness: Witness, number: int) -> None:
    def watched_pair() -> StreamPair:
        ours, theirs = trio.testing.memory_stream_pair()

        def observe(request_id: int, message: Message) -> None:
            witness.observe(number, request_id, message)

        return ours, WatchedStream(theirs, observe)

    client: WireClient = rig.connect(watched_pair)
    await client.enter(rig.person(f"sender-{number}"))
    for _ in range(ROUNDS):
        some = [
            submit_to(rig.person("bob"), rig.rng.randbytes(200), rig.rng) for _ in range(AT_ONCE)
        ]
        sent = [client.link.request(submit) for submit in some]
        for (request_id, _), submit in zip(sent, some, strict=True):
            witness.submits[number, request_id] = submit
        await client.stream.send_all(b"".join(data for _, data in sent))
        answers = await client.answers([request_id for request_id, _ in sent])
        assert all(isinstance(answer, Accepted) for answer in answers)
        witness.lose_power()


@pytest.mark.parametrize("run", [inline, in_thread])
async def test_p3_accepted_is_said_after_the_sync(
    disk: ShimVFS, tmp_path: Path, rng: random.Random, run: Runner
) -> None:
    witness = await play(disk, tmp_path, rng, run)
    assert witness.lies == []
    assert witness.true_count == SENDERS * ROUNDS * AT_ONCE


async def test_p3_a_power_loss_takes_nothing_accepted(
    disk: ShimVFS, tmp_path: Path, rng: random.Random
) -> None:
    witness = await play(disk, tmp_path, rng, inline)
    assert len(witness.snapshots) == SENDERS * ROUNDS
    for folder, accepted in witness.snapshots:
        assert await missing_after(folder, accepted) == set()


async def missing_after(folder: Path, accepted: list[bytes]) -> set[bytes]:
    store = await SqliteStore.open(folder / "relay.db", FakeClock(), inline)
    found = {mail.envelope_id for mail in await waiting(store)}
    await store.close()
    return set(accepted) - found


# --- the tests' own test: planted faults must show --------------------------


def never_sync(monkeypatch: pytest.MonkeyPatch) -> None:
    faulty = [(name, 0 if name == "synchronous" else value) for name, value in PRAGMAS]
    monkeypatch.setattr(database, "PRAGMAS", faulty)


def sync_at_checkpoints_only(monkeypatch: pytest.MonkeyPatch) -> None:
    faulty = [(name, 1 if name == "synchronous" else value) for name, value in PRAGMAS]
    monkeypatch.setattr(database, "PRAGMAS", faulty)


def answer_before_the_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    patient = Committer._commit

    async def hasty(self: Committer, batch: list[Job]) -> None:
        early = [job for job in batch if isinstance(job, SubmitJob)]
        for job in early:
            job.settled(Stored(0, 1))
        await trio.testing.wait_all_tasks_blocked()
        silent = [
            SubmitJob(job.work, lambda _: None) if isinstance(job, SubmitJob) else job
            for job in batch
        ]
        await patient(self, silent)

    monkeypatch.setattr(Committer, "_commit", hasty)


@pytest.mark.parametrize("plant", [never_sync, sync_at_checkpoints_only, answer_before_the_commit])
async def test_p3_a_planted_fault_is_caught(
    disk: ShimVFS,
    tmp_path: Path,
    rng: random.Random,
    monkeypatch: pytest.MonkeyPatch,
    plant: Callable[[pytest.MonkeyPatch], None],
) -> None:
    plant(monkeypatch)
    witness = await play(disk, tmp_path, rng, inline)
    monkeypatch.undo()
    assert witness.lies, "the witness did not notice"
    lost = [await missing_after(folder, accepted) for folder, accepted in witness.snapshots[-1:]]
    if plant is not answer_before_the_commit:
        assert any(lost), "the power loss took nothing"
