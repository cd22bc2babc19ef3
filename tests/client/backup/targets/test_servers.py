"""The same contract over real servers: WebDAV, S3, and a relay's process; slow."""

import os
import random
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trio

from client.backup.targets.credentials import Credentials
from client.backup.targets.interface import (
    Listed,
    TargetRefused,
    TargetUnreachable,
)
from client.backup.targets.opening import Means, open_target
from client.backup.targets.parse import parse_target
from client.network.address import parse_address
from client.network.transport import Dialed, dial
from client.values import Surroundings
from tests.client.backup.targets import test_conformance as conformance
from tests.client.backup.targets.storages import LOCATOR, SECRET, Storage
from tests.client.backup.targets.test_conformance import SEGMENT, everything, put, whole
from tests.support.relay_process import relay_process
from tests.support.relay_rig import START_MS

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[4]
DAV = {"username": "ann", "password": "hunter2"}
S3 = {"access_key_id": "ann", "secret_access_key": "hunter2", "region": "us-east-1"}


@contextmanager
def server(module: str, *arguments: str) -> Iterator[str]:
    """Run a server that prints its port; give ``127.0.0.1:port``."""
    command = [sys.executable, "-m", f"tests.client.backup.targets.{module}", *arguments]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield f"127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


def means(credentials: dict[str, str]) -> Means:
    surroundings = Surroundings(lambda: START_MS, os.urandom, trio.to_thread.run_sync)
    return Means(surroundings, no_relay, credentials=Credentials(credentials))


async def no_relay() -> Dialed:
    raise AssertionError("no relay is asked")


def storage_at(text: str, credentials: dict[str, str]) -> Storage:
    return Storage(lambda: open_target(parse_target(text), means(credentials)))


@contextmanager
def webdav_storage(folder: Path) -> Iterator[Storage]:
    with server("webdav_server", str(folder)) as place:
        yield storage_at(f"webdav:http://{place}/dav/my/backup", DAV)


@contextmanager
def s3_storage(folder: Path) -> Iterator[Storage]:
    with server("s3_server") as place:
        request = urllib.request.Request(f"http://{place}/box", method="PUT")
        request.add_header("Host", place)
        with urllib.request.urlopen(request):
            yield storage_at(f"s3:box/my/backup?endpoint=http://{place}", S3)


@contextmanager
def relay_storage(folder: Path) -> Iterator[Storage]:
    with relay_process(folder) as relay:
        address = parse_address(relay.url)
        surroundings = Surroundings(lambda: START_MS, os.urandom, trio.to_thread.run_sync)
        reached = Means(surroundings, lambda: dial(address), SECRET)
        yield Storage(lambda: open_target(parse_target(f"relay:{LOCATOR}"), reached))


SERVERS = {"webdav": webdav_storage, "s3": s3_storage, "relay": relay_storage}


@pytest.mark.parametrize("kind", sorted(SERVERS))
async def test_the_contract_holds_over_a_real_server(
    kind: str, tmp_path: Path, rng: random.Random
) -> None:
    with SERVERS[kind](tmp_path) as storage:
        await conformance.test_what_was_put_is_read_by_the_next_run(storage, rng, 7_000_000)
        for promise in (
            conformance.test_any_part_is_read_and_nothing_behind_the_end,
            conformance.test_keyring_and_head_are_replaced,
            conformance.test_b3_a_put_that_was_cut_leaves_nothing_and_is_put_again,
        ):
            await emptied(storage)
            await promise(storage, rng)
        for other in (
            conformance.test_what_is_there_is_listed_and_nothing_else,
            conformance.test_deleted_is_gone,
            conformance.test_missing_is_said_with_the_path_and_the_storage,
            conformance.test_what_lives_is_kept,
        ):
            await emptied(storage)
            await other(storage)


async def emptied(storage: Storage) -> None:
    async with storage.open() as target:
        for path in ("head", "keyring", SEGMENT, conformance.MEDIUM, conformance.MANIFEST):
            await target.delete(path)
        assert await everything(target) == []


async def test_p8_wrong_credentials_are_refused_and_not_shown(tmp_path: Path) -> None:
    with server("webdav_server", str(tmp_path)) as place:
        wrong = storage_at(
            f"webdav:http://{place}/dav/x", {"username": "ann", "password": "hunter3"}
        )
        async with wrong.open() as target:
            with pytest.raises(TargetRefused, match="access is denied") as caught:
                await target.prepare()
            with pytest.raises(TargetRefused, match="access is denied"):
                await put(target, "head", b"x")
    error = caught.value
    assert "hunter3" not in f"{error.what}{error.why}{error.hint}{error.__cause__!r}"


async def test_a_server_that_is_gone_is_unreachable(tmp_path: Path) -> None:
    with webdav_storage(tmp_path) as storage:
        async with storage.open() as target:
            await put(target, "head", b"x")
    async with storage.open() as target:
        with pytest.raises(TargetUnreachable) as caught:
            await target.read("head", 0, 1)
        assert caught.value.why == "Nothing listens at that address."


async def test_b3_a_server_killed_in_the_middle_of_a_rename(tmp_path: Path) -> None:
    """WebDAV's MOVE may be two steps; between them the new one lies beside its name."""
    with webdav_storage(tmp_path) as storage:
        async with storage.open() as target:
            await put(target, "head", b"old")
        stopped_between(tmp_path / "my" / "backup")
        async with storage.open() as target:
            assert await whole(target, "head") == b"new"
            await put(target, "head", b"newer")
            assert await whole(target, "head") == b"newer"
            assert await everything(target) == [Listed("head", 5)]


def stopped_between(folder: Path) -> None:
    (folder / "head").unlink()
    (folder / "head.new").write_bytes(b"new")
