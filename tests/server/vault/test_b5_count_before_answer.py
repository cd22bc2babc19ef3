"""B5 at the vault: an answer leaves only when its guess is counted on the platter, for all.

The disk is a shim that knows what was synced. Every evaluation is caught on its way
out, and at that instant the power fails: what is left must have counted it. The same
plays with planted faults must fail: a test that cannot fail proves nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import apsw
import pytest
import trio
import trio.testing

from protocol.recovery import vault
from protocol.recovery.decision import Decision
from protocol.recovery.evaluation import EvaluationAnswer, EvaluationRequest
from protocol.recovery.vault_record import VaultRecord
from protocol.wire.messages import Evaluated, Message, Refused, Unlocked
from protocol.wire.relay_link import Asked, Barred
from server.store.sqlite import database
from server.store.sqlite.lane import in_thread
from server.store.sqlite.schema import PRAGMAS
from server.vault.connection import VaultConnection
from server.vault.keeper import Keeper
from server.vault.store import Deciding, VaultStore
from tests.protocol.recovery.cast import cast
from tests.support.relay_rig import StreamPair
from tests.support.vault_rig import Setting, T, VaultRig, vault_rig
from tests.support.vfs_shim import ShimVFS
from tests.support.watched_stream import WatchedStream

LIMIT = 5
HOUR_MS = 3_600_000


@pytest.fixture
def disk() -> Iterator[ShimVFS]:
    with ShimVFS("b5") as disk:
        yield disk


@dataclass
class Witness:
    """Sees each evaluation leave, cuts the power, and looks at what was counted."""

    disk: ShimVFS
    folder: Path
    record_id: bytes
    answered: int = 0
    uncounted: list[int] = field(default_factory=list)

    def observe(self, _request_id: int, message: Message) -> None:
        if isinstance(message, Unlocked):
            self.answered = 0
        elif isinstance(message, Evaluated):
            self.answered += 1
            if self._counted() < self.answered:
                self.uncounted.append(self.answered)

    def watched(self) -> StreamPair:
        ours, theirs = trio.testing.memory_stream_pair()
        return ours, WatchedStream(theirs, self.observe)

    def _counted(self) -> int:
        after = self.folder / f"after-{self.disk.name}-{len(self.disk.trace)}"
        self.disk.power_loss(after)
        connection = apsw.Connection(str(after / "vault.db"))
        query = "SELECT state FROM record WHERE id = ?"
        try:
            state = connection.execute(query, (self.record_id,)).get
        except apsw.SQLError:
            return 0  # not even the tables are there
        finally:
            connection.close()
        return 0 if state is None else VaultRecord.decode(state).guesses


async def race(rig: VaultRig, racers: int, connect: Callable[[], StreamPair]) -> int:
    """Guess on so many connections at once; give the number of answers."""
    answered = 0

    async def guess() -> None:
        nonlocal answered
        client = await rig.greeted(connect)
        answer = await client.ask(rig.evaluate())
        assert isinstance(answer, Evaluated | Refused)
        answered += isinstance(answer, Evaluated)

    async with trio.open_nursery() as nursery:
        for _ in range(racers):
            nursery.start_soon(guess)
    return answered


async def play(disk: ShimVFS, folder: Path, racers: int = 4) -> tuple[Witness, int]:
    """Race until there are no answers any more."""
    setting = Setting(folder, in_thread, disk.name)
    async with vault_rig(setting, cast("b5 at the vault")) as rig:
        witness = Witness(disk, folder, rig.record_id)
        await rig.register()
        total = 0
        while got := await race(rig, racers, witness.watched):
            total += got
            rig.clock.advance(HOUR_MS - 1)
            rig.clock.advance(1 if total < LIMIT else 0)
            assert total <= LIMIT + racers, "it never ends"
    return witness, total


async def test_b5_racing_connections_get_the_limit_and_no_more(
    disk: ShimVFS, tmp_path: Path
) -> None:
    witness, total = await play(disk, tmp_path)
    assert total == LIMIT
    assert witness.uncounted == []


async def test_b5_power_cuts_at_every_answer_win_no_guess(tmp_path: Path) -> None:
    """Each vault starts on what the power cut left of the one before."""
    party, total, folder = cast("cuts"), 0, tmp_path / "0"
    folder.mkdir()
    clock = Setting(folder).clock
    for life in range(1, 12):
        with ShimVFS(f"cut-{life}") as disk:
            setting = Setting(folder, vfs=disk.name, clock=clock)
            async with vault_rig(setting, party) as rig:
                await rig.register() if life == 1 else None
                total += await race(rig, 1, trio.testing.memory_stream_pair)
                folder = tmp_path / str(life)
                disk.power_loss(folder)
                clock.advance(HOUR_MS - 1_000)
                if total < LIMIT:
                    clock.advance(1_000)
    assert total == LIMIT


async def test_b5_unlocking_begins_anew(disk: ShimVFS, tmp_path: Path) -> None:
    async with vault_rig(Setting(tmp_path, vfs=disk.name)) as rig:
        witness = Witness(disk, tmp_path, rig.record_id)
        await rig.register()
        for _ in range(4):
            client = await rig.greeted(witness.watched)
            for _ in range(3):
                assert isinstance(await client.ask(rig.evaluate("right")), Evaluated)
            assert await client.ask(rig.unlock()) == Unlocked()
        assert witness.uncounted == []


# --- planted faults ---------------------------------------------------------


def never_sync(monkeypatch: pytest.MonkeyPatch) -> None:
    hasty = [(name, 0 if name == "synchronous" else value) for name, value in PRAGMAS]
    monkeypatch.setattr(database, "PRAGMAS", hasty)


def count_after_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Evaluate on what is stored, answer, and store when that is said."""
    late: list[tuple[VaultStore, Decision]] = []
    patient = VaultConnection._handle

    async def evaluate(self: Keeper, request: EvaluationRequest) -> EvaluationAnswer:
        stored = await self._store.read(request.record_id)
        counted = vault.count_guess(stored, request, self._now_ms(), self._key)
        late.append((self._store, counted.decision))
        return vault.answer_guess(counted, self._random_bytes)

    async def handle(self: VaultConnection, event: Asked | Barred) -> None:
        await patient(self, event)
        await self._wait_until_all_is_said()
        while late:
            store, decision = late.pop()
            await store.change(decision.record.record_id, partial(_anyway, decision))

    monkeypatch.setattr(Keeper, "evaluate", evaluate)
    monkeypatch.setattr(VaultConnection, "_handle", handle)


def _anyway(decision: Decision | None, _: VaultRecord | None) -> tuple[Decision | None, None]:
    return decision, None


def no_lock_around_a_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """Load, decide and store in two transactions, with room for others in between."""
    patient = VaultStore.change

    async def change(self: VaultStore, record_id: bytes, decide: Deciding[T]) -> T:
        stored = await self.read(record_id)
        await trio.sleep(0.01)
        decision, result = decide(stored)
        await patient(self, record_id, partial(_anyway, decision))
        return result

    monkeypatch.setattr(VaultStore, "change", change)


@pytest.mark.parametrize("plant", [never_sync, count_after_the_answer])
async def test_b5_an_answer_before_the_count_is_caught(
    disk: ShimVFS,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    plant: Callable[[pytest.MonkeyPatch], None],
) -> None:
    plant(monkeypatch)
    async with vault_rig(Setting(tmp_path, vfs=disk.name), cast("planted")) as rig:
        witness = Witness(disk, tmp_path, rig.record_id)
        await rig.register()
        assert await race(rig, 1, witness.watched) == 1
    assert witness.uncounted, "the witness did not notice"


async def test_b5_a_lost_update_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three guesses need no waiting; racers get more when the counts of others are lost."""
    got = []
    for number, plant in enumerate([lambda _: None, no_lock_around_a_record]):
        plant(monkeypatch)
        folder = tmp_path / str(number)
        folder.mkdir()
        async with vault_rig(Setting(folder, in_thread)) as rig:
            await rig.register()
            with suppress(AssertionError):
                got.append(await race(rig, 8, trio.testing.memory_stream_pair))
    assert got[0] == 3
    assert got[1:] != [3], "nothing was lost"
