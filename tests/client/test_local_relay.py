"""One relay on this machine, whoever comes first, for as long as it lives."""

import os
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trio

from client import local_relay
from client.errors import LocalError
from client.local_relay import RelayFolder, answers, ensure_running, last_address, running_relay
from client.network.address import RelayAddress, parse_address

pytestmark = pytest.mark.slow


@pytest.fixture
async def folder(tmp_path: Path) -> AsyncIterator[RelayFolder]:
    folder = RelayFolder(tmp_path / "data", tmp_path / "ours")
    yield folder
    with trio.CancelScope(shield=True):
        await local_relay.stop(folder)


def free_address() -> RelayAddress:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return parse_address(f"127.0.0.1:{probe.getsockname()[1]}")


async def test_many_at_once_start_one(folder: RelayFolder) -> None:
    address = free_address()
    results: list[tuple[local_relay.LocalRelay, bool]] = []

    async def come() -> None:
        results.append(await ensure_running(folder, address))

    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(come)
    assert len({relay.pid for relay, _ in results}) == 1
    assert [started for _, started in results].count(True) == 1
    assert running_relay(folder) == results[0][0]
    assert await answers(address)


async def test_it_has_a_session_of_its_own(folder: RelayFolder) -> None:
    relay, _ = await ensure_running(folder, free_address())
    assert os.getsid(relay.pid) == relay.pid != os.getsid(0)


async def test_stopping_ends_it_and_a_new_start_has_the_same_key(folder: RelayFolder) -> None:
    address = free_address()
    relay, _ = await ensure_running(folder, address)
    assert await local_relay.stop(folder) == relay
    assert running_relay(folder) is None
    assert not await answers(address)
    assert await local_relay.stop(folder) is None
    assert last_address(folder) == relay.address
    again, started = await ensure_running(folder, address)
    assert started
    assert again.address == relay.address
    assert again.address.fingerprint is not None


async def test_after_a_kill_another_is_started(folder: RelayFolder) -> None:
    address = free_address()
    relay, _ = await ensure_running(folder, address)
    os.kill(relay.pid, signal.SIGKILL)
    with trio.fail_after(10):
        while running_relay(folder) is not None:  # noqa: ASYNC110  # another process ends
            await trio.sleep(0.02)
    again, started = await ensure_running(folder, address)
    assert started
    assert again.pid != relay.pid


async def test_another_address_is_refused_while_one_runs(folder: RelayFolder) -> None:
    await ensure_running(folder, free_address())
    with pytest.raises(LocalError, match=r"runs at 127\.0\.0\.1"):
        await ensure_running(folder, free_address())


async def test_a_relay_that_cannot_start_says_why(folder: RelayFolder) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = parse_address(f"127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(LocalError, match="does not start") as caught:
            await ensure_running(folder, address)
    assert caught.value.why
    assert running_relay(folder) is None


async def test_nothing_runs_where_nothing_ever_ran(folder: RelayFolder) -> None:
    assert running_relay(folder) is None
    assert last_address(folder) is None
    assert await local_relay.stop(folder) is None
