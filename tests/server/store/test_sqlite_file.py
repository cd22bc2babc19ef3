"""What only the file promises: settings, refusing what is not ours, surviving trouble."""

import random
from collections.abc import Callable
from itertools import count
from pathlib import Path

import apsw
import pytest

from server.store.interface import StoreTrouble
from server.store.sqlite import database
from server.store.sqlite.database import DatabaseRefused, open_database
from server.store.sqlite.lane import inline
from server.store.sqlite.schema import APPLICATION_ID, SCHEMA_VERSION
from server.store.sqlite.store import SqliteStore
from server.store.values import NotStored, Replacement
from tests.server.store.builders import (
    BOB,
    account,
    acknowledge,
    submission,
    submit,
    submit_one,
    upload,
    waiting,
)
from tests.server.store.conftest import SettableClock
from tests.support.vfs_shim import DiskEvent, ShimVFS


async def opened(path: Path, vfs: str | None = None) -> SqliteStore:
    return await SqliteStore.open(path, SettableClock(), inline, vfs)


async def test_all_is_there_after_opening_again(tmp_path: Path, rng: random.Random) -> None:
    path = tmp_path / "relay.db"
    store = await opened(path)
    await store.register(account(BOB))
    await submit(store, *(submission(rng) for _ in range(3)))
    await acknowledge(store, BOB, 1)
    before = await waiting(store)
    await store.close()
    store = await opened(path)
    assert await waiting(store) == before
    assert (await submit_one(store, submission(rng))).sequence == 4
    await store.close()


async def test_a_file_that_was_not_closed_opens(tmp_path: Path, rng: random.Random) -> None:
    store = await opened(tmp_path / "relay.db")
    await store.register(account(BOB))
    await submit_one(store, submission(rng))
    for name in ("relay.db", "relay.db-wal"):
        (tmp_path / f"copy-{name}").write_bytes((tmp_path / name).read_bytes())
    await store.close()
    copy = await opened(tmp_path / "copy-relay.db")
    assert len(await waiting(copy)) == 1
    await copy.close()


def test_an_empty_file_becomes_a_database(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    path.touch()
    open_database(path, None).close()
    assert path.stat().st_size > 0


@pytest.mark.parametrize(
    ("making", "reason"),
    [
        ("CREATE TABLE recipes (name)", "another program"),
        ("PRAGMA application_id = 7", "another program"),
        (f"PRAGMA user_version = {SCHEMA_VERSION}", "another program"),
    ],
)
def test_a_foreign_database_is_left_alone(tmp_path: Path, making: str, reason: str) -> None:
    path = tmp_path / "relay.db"
    foreign = apsw.Connection(str(path))
    foreign.execute(making).fetchall()
    foreign.close()
    before = path.read_bytes()
    with pytest.raises(DatabaseRefused, match=reason):
        open_database(path, None)
    assert path.read_bytes() == before


def test_a_database_from_before_the_first_release_is_left_alone(tmp_path: Path) -> None:
    connection = apsw.Connection(str(tmp_path / "relay.db"))
    connection.execute("CREATE TABLE account (number INTEGER PRIMARY KEY)").fetchall()
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}").fetchall()
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION - 1}").fetchall()
    connection.close()
    with pytest.raises(DatabaseRefused, match="never released"):
        open_database(tmp_path / "relay.db", None)


def test_a_newer_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    connection = open_database(path, None)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}").fetchall()
    connection.close()
    with pytest.raises(DatabaseRefused, match="newer relay"):
        open_database(path, None)


def test_noise_is_not_a_database(tmp_path: Path, rng: random.Random) -> None:
    path = tmp_path / "relay.db"
    path.write_bytes(rng.randbytes(8_192))
    with pytest.raises(DatabaseRefused, match="damaged"):
        open_database(path, None)


def test_a_folder_is_not_a_database(tmp_path: Path) -> None:
    with pytest.raises(StoreTrouble):
        open_database(tmp_path, None)


def test_a_setting_that_does_not_take_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "PRAGMAS", [("journal_mode", "wal2")])
    with pytest.raises(StoreTrouble, match="journal_mode"):
        open_database(tmp_path / "relay.db", None)


# --- trouble ----------------------------------------------------------------


def full_disk(event: DiskEvent) -> None:
    if event.kind == "write":
        raise apsw.FullError("disk full")


def no_sync(event: DiskEvent) -> None:
    if event.kind == "sync":
        raise apsw.IOError("sync failed")


@pytest.mark.parametrize("fault", [full_disk, no_sync])
async def test_trouble_stores_nothing_and_passes(
    tmp_path: Path, rng: random.Random, fault: object
) -> None:
    with ShimVFS("trouble") as disk:
        store = await opened(tmp_path / "relay.db", disk.name)
        await store.register(account(BOB))
        kept = submission(rng)
        await submit_one(store, kept)
        disk.fault = fault  # type: ignore[assignment]
        lost = [submission(rng, envelope=bytes(5_000)) for _ in range(100)]
        with pytest.raises(StoreTrouble):
            await submit(store, *lost)
        disk.fault = None
        assert [mail.envelope_id for mail in await waiting(store)] == [kept.envelope_id]
        assert NotStored.CONFLICT not in await submit(store, *lost)
        assert len(await waiting(store)) == 101
        await store.close()


async def test_a_backlog_costs_a_submit_nothing(tmp_path: Path, rng: random.Random) -> None:
    """Steps of SQLite's machine, not seconds: ten times the mail, the same work."""
    path = tmp_path / "relay.db"
    store = await opened(path)
    await store.register(account(BOB))
    steps = []
    for backlog in (500, 5_000):
        await submit(store, *(submission(rng) for _ in range(backlog)))
        steps.append(await steps_of_a_submit(store, rng))
    assert steps[1] < 1.5 * steps[0]
    await store.close()


async def steps_of_a_submit(store: SqliteStore, rng: random.Random) -> int:
    count = 0

    def step() -> bool:
        nonlocal count
        count += 1
        return False

    connection = store._writer._connection
    connection.set_progress_handler(step, 1)
    await submit_one(store, submission(rng))
    connection.set_progress_handler(None)
    return count


def dying_after(steps: int) -> Callable[[DiskEvent], None]:
    """A disk that takes so many writes and syncs, and no more."""
    left = iter(range(steps))

    def fault(event: DiskEvent) -> None:
        if event.kind in ("write", "sync") and next(left, None) is None:
            raise apsw.IOError("the disk is gone")

    return fault


async def test_p3_a_replacement_is_whole_or_has_not_happened(
    tmp_path: Path, rng: random.Random
) -> None:
    wanted = Replacement(BOB, bytes([1]) * 32, 1, b"n" * 32, b"k" * 32)
    with ShimVFS("replacing") as disk:
        store = await opened(tmp_path / "relay.db", disk.name)
        await store.register(account(BOB))
        await store.put_prekeys(BOB, upload(rng, 1, 3))
        await submit_one(store, submission(rng))
        before, done = await state_of(store), None
        for steps in count():
            disk.fault = dying_after(steps)
            try:
                done = await store.replace_device(wanted, 0)
                break
            except StoreTrouble:
                disk.fault = None
                assert await state_of(store) == before
        disk.fault = None
        assert steps > 2
        await store.close()
        store = await opened(tmp_path / "relay.db")
        assert await state_of(store) == (done, 0, 0)
        await store.close()


async def state_of(store: SqliteStore) -> tuple[object, int, int]:
    """What a replacement changes: account, pairs, mail."""
    found = await store.find_account(BOB)
    return found, await store.count_one_time_pairs(BOB), len(await waiting(store))
