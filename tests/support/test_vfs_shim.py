"""The instrument itself: it must see a missing sync, or it proves nothing."""

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from tests.support.vfs_shim import DiskEvent, ShimVFS

ROW = b"a row that must not be lost " * 3


@pytest.fixture
def disk() -> Iterator[ShimVFS]:
    with ShimVFS("shim-under-test") as disk:
        yield disk


def opened(path: Path, vfs: str | None, synchronous: str) -> apsw.Connection:
    connection = apsw.Connection(str(path), vfs=vfs)
    connection.execute("PRAGMA journal_mode = WAL").fetchall()
    connection.execute(f"PRAGMA synchronous = {synchronous}").fetchall()
    connection.execute("CREATE TABLE IF NOT EXISTS mail (body BLOB)")
    return connection


def rows_after_power_loss(disk: ShimVFS, folder: Path) -> list[bytes]:
    disk.power_loss(folder)
    again = opened(folder / "mail.db", None, "FULL")
    rows = [row for (row,) in again.execute("SELECT body FROM mail")]
    again.close()
    return rows


@pytest.mark.parametrize("synchronous", ["FULL", "NORMAL", "OFF"])
def test_only_a_synced_row_survives_a_power_loss(
    disk: ShimVFS, tmp_path: Path, synchronous: str
) -> None:
    connection = opened(tmp_path / "mail.db", disk.name, "FULL")
    connection.execute(f"PRAGMA synchronous = {synchronous}").fetchall()
    connection.execute("INSERT INTO mail VALUES (?)", (ROW,))
    is_safe = synchronous == "FULL"
    assert disk.unsynced("-wal") == ([] if is_safe else ["mail.db-wal"])
    assert disk.is_durable(ROW) == is_safe
    assert rows_after_power_loss(disk, tmp_path / "after") == ([ROW] if is_safe else [])
    connection.close()


def test_events_are_in_order(disk: ShimVFS, tmp_path: Path) -> None:
    connection = opened(tmp_path / "mail.db", disk.name, "FULL")
    before = len(disk.trace)
    connection.execute("INSERT INTO mail VALUES (?)", (ROW,))
    events = disk.trace[before:]
    assert {event.kind for event in events[:-1]} == {"write"}
    assert events[-1] == DiskEvent("sync", "mail.db-wal")
    connection.close()


def test_a_full_disk(disk: ShimVFS, tmp_path: Path) -> None:
    connection = opened(tmp_path / "mail.db", disk.name, "FULL")

    def full(event: DiskEvent) -> None:
        if event.kind == "write":
            raise apsw.FullError("disk full")

    disk.fault = full
    with pytest.raises(apsw.FullError):
        connection.execute("INSERT INTO mail VALUES (?)", (ROW,))
    disk.fault = None
    connection.execute("INSERT INTO mail VALUES (?)", (ROW,))
    assert connection.execute("SELECT count(*) FROM mail").get == 1
    connection.close()
