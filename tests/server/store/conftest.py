"""Every engine behind the one interface."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from server.store.interface import RelayStore
from server.store.memory import MemoryStore
from server.store.sqlite.lane import in_thread, inline
from server.store.sqlite.store import SqliteStore
from tests.server.store.builders import ALICE, BOB, account


@dataclass
class SettableClock:
    """Time that a test sets."""

    time_ms: int = 1_800_000_000_000

    def __call__(self) -> int:
        return self.time_ms


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture(params=["memory", "sqlite", "sqlite in threads"])
async def store(
    request: pytest.FixtureRequest, tmp_path: Path, clock: SettableClock
) -> AsyncIterator[RelayStore]:
    made: RelayStore
    if request.param == "memory":
        made = MemoryStore(clock)
    else:
        run = inline if request.param == "sqlite" else in_thread
        made = await SqliteStore.open(tmp_path / "relay.db", clock, run)
    yield made
    await made.close()


@pytest.fixture
async def bobs(store: RelayStore) -> RelayStore:
    """A store with bob, and alice beside him."""
    await store.register(account(ALICE))
    await store.register(account(BOB))
    return store
