"""Transactions from async code: all or nothing, one at a time, and sound when cancelled."""

import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeVar

import apsw
import pytest
import trio

from client.errors import LocalError
from client.store import settings
from client.store.connection import DatabaseKey, open_database_file
from client.store.database import Database, open_database
from client.store.transaction import Transaction

T = TypeVar("T")


@pytest.fixture
async def database(
    connection: apsw.Connection, path: Path, key: DatabaseKey
) -> AsyncIterator[Database]:
    connection.close()
    async with open_database(path, key, trio.to_thread.run_sync) as database:
        yield database


def set_address(address: str) -> Callable[[Transaction], None]:
    return lambda tx: settings.set_relay_address(tx, address)


async def test_a_write_is_seen_by_the_next_read(database: Database) -> None:
    await database.write(set_address("a:1"))
    assert await database.read(settings.relay_address) == "a:1"


async def test_p5_an_exception_rolls_everything_back(database: Database) -> None:
    def fail(tx: Transaction) -> None:
        settings.set_relay_address(tx, "b:2")
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - the one raised above
        await database.write(fail)
    assert await database.read(settings.relay_address) is None
    await database.write(set_address("c:3"))


async def test_what_a_read_writes_is_dropped(database: Database) -> None:
    await database.read(set_address("d:4"))
    assert await database.read(settings.relay_address) is None


async def test_the_data_version_changes_with_the_writes_of_others_only(
    database: Database, path: Path, key: DatabaseKey
) -> None:
    before = await database.data_version()
    await database.write(set_address("e:5"))
    assert await database.data_version() == before
    other = open_database_file(path, key)
    other.execute("UPDATE settings SET value = 'f:6'")
    other.close()
    assert await database.data_version() != before
    assert await database.read(settings.relay_address) == "f:6"


async def test_many_tasks_take_turns(
    connection: apsw.Connection, path: Path, key: DatabaseKey
) -> None:
    """Never two at once, because they share one connection."""
    connection.close()
    running, most = 0, 0

    async def counting(function: Callable[[], T]) -> T:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await trio.lowlevel.checkpoint()
        result = function()
        running -= 1
        return result

    def count(tx: Transaction) -> None:
        settings.hear_relay_clock(tx, settings.relay_clock_ms(tx) + 1)

    async with open_database(path, key, counting) as database:
        async with trio.open_nursery() as nursery:
            for _ in range(50):
                nursery.start_soon(database.write, count)
        assert await database.read(settings.relay_clock_ms) == 50
    assert most == 1


async def test_p3_a_write_that_has_begun_is_not_abandoned_when_cancelled(
    database: Database,
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    results: list[str] = []

    def slow(tx: Transaction) -> str:
        begun.set()
        assert go_on.wait(30)
        settings.set_relay_address(tx, "g:7")
        return "committed"

    async def write() -> None:
        results.append(await database.write(slow))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(write)
        await trio.to_thread.run_sync(begun.wait)
        nursery.cancel_scope.cancel()
        go_on.set()
    assert results == ["committed"]
    assert await database.read(settings.relay_address) == "g:7"


async def test_a_write_that_waits_its_turn_never_begins_when_cancelled(
    database: Database,
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(_: Transaction) -> None:
        begun.set()
        assert go_on.wait(30)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(database.write, slow)
        await trio.to_thread.run_sync(begun.wait)
        with trio.move_on_after(0) as scope:
            await database.write(set_address("h:8"))
        assert scope.cancelled_caught
        go_on.set()
    assert await database.read(settings.relay_address) is None


async def test_the_runner_comes_with_the_surroundings(
    connection: apsw.Connection, path: Path, key: DatabaseKey
) -> None:
    """In a simulation everything runs at once, and no thread outruns the virtual clock."""
    connection.close()
    threads: set[int] = set()

    async def at_once(function: Callable[[], T]) -> T:
        threads.add(threading.get_ident())
        return function()

    async with open_database(path, key, at_once) as database:
        await database.write(set_address("i:9"))
        assert await database.read(settings.relay_address) == "i:9"
    assert threads == {threading.get_ident()}


async def test_a_database_with_one_page_too_few_says_that_the_disk_is_full(
    database: Database, path: Path, key: DatabaseKey
) -> None:
    def fill(tx: Transaction) -> None:
        tx.execute("PRAGMA max_page_count = 1")
        settings.set_relay_address(tx, "x" * 1_000_000)

    with pytest.raises(LocalError, match="disk is full"):
        await database.write(fill)
    assert await database.read(settings.relay_address) is None


async def test_a_process_that_keeps_the_lock_is_named_as_the_cause(
    database: Database, path: Path, key: DatabaseKey
) -> None:
    other = open_database_file(path, key)
    other.execute("BEGIN IMMEDIATE")
    await database.read(lambda tx: tx.execute("PRAGMA busy_timeout = 0"))
    with pytest.raises(LocalError, match="Another process"):
        await database.write(set_address("j:10"))
    other.execute("ROLLBACK")
    other.close()
    await database.write(set_address("j:10"))
