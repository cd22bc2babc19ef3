"""The relay as a process: signals, crashes, one folder for one relay, and what it cannot load."""

import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import trio

from protocol.wire.messages import (
    Accepted,
    Acknowledge,
    Closing,
    Deliver,
    DeviceReplaced,
    Replaced,
    ReplacementAnnounced,
    ReplacementHeld,
    Subscribe,
    Subscribed,
)
from tests.support.relay_process import ROOT, RelayProcess, relay_command, relay_process
from tests.support.replacements import on_a_new_device, replacement
from tests.support.wire_client import Person, StreamEnded, WireClient, submit_to

pytestmark = pytest.mark.slow

IN_FLIGHT = 16


def refused(command: list[str]) -> str:
    """Run a command that must end with 1, a sentence and no traceback; give the sentence."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1, done
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.stderr


# --- starting ---------------------------------------------------------------


@pytest.mark.parametrize("module", ["protocol.e2ee.ratchet", "protocol.archive.keys"])
def test_the_relay_cannot_load_what_decrypts(module: str) -> None:
    code = f"import server.__main__, importlib; importlib.import_module({module!r})"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert "ModuleNotFoundError" in done.stderr.splitlines()[-1]


def test_the_package_alone_blocks_nothing() -> None:
    code = "import server.cli, protocol.e2ee, protocol.archive"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


async def test_its_one_line_is_its_address(tmp_path: Path, rng: random.Random) -> None:
    with relay_process(tmp_path / "deep" / "relay") as relay:
        assert relay.url.startswith("glasspost://127.0.0.1:")
        assert len(relay.fingerprint) == 64
        await (await relay.enter(Person.called("alice", rng))).aclose()
        files = {path.name: path.stat().st_mode & 0o777 for path in relay_folder(tmp_path)}
        assert {"relay.key", "relay.db", "relay.log", "relay.lock"} <= files.keys()
        assert set(files.values()) == {0o600}
        assert relay.terminate() == 0


def relay_folder(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "deep" / "relay").iterdir())


def test_without_tls_the_address_says_so(tmp_path: Path) -> None:
    with relay_process(tmp_path, "--no-tls") as relay:
        assert relay.url == f"glasspost+plain://127.0.0.1:{relay.port}"


def test_the_key_outlives_the_process(tmp_path: Path) -> None:
    fingerprints = set()
    for _ in range(2):
        with relay_process(tmp_path) as relay:
            fingerprints.add(relay.fingerprint)
            relay.kill()
    assert len(fingerprints) == 1


def test_memory_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("XDG_DATA_HOME", "TMPDIR", "HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    command = [sys.executable, "-m", "server", "relay", "--listen", "127.0.0.1:0", "--memory"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("glasspost://")
        process.terminate()
    assert process.returncode == 0
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(("hold", "expected"), [("0", Replaced), ("0.5", ReplacementHeld)])
async def test_the_operator_chooses_the_hold(
    tmp_path: Path, rng: random.Random, hold: str, expected: type
) -> None:
    bob = Person.called("bob", rng)
    with relay_process(tmp_path, "--takeover-hold", hold) as relay:
        online = await relay.enter(bob)
        client, key = await relay.connect()
        statement = replacement(bob, on_a_new_device(bob), client.welcome, relay_key=key)
        assert isinstance(await client.ask(statement), expected)
        push = await online.next_push()
        assert isinstance(push, DeviceReplaced if hold == "0" else ReplacementAnnounced)
        relay.terminate()


# --- refusing to start ------------------------------------------------------


def test_a_second_relay_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    with relay_process(tmp_path) as relay:
        complaint = refused(relay_command(tmp_path))
        assert f"another relay is using it (process {relay.process.pid})" in complaint
        assert "--data" in complaint


def test_a_port_in_use(tmp_path: Path) -> None:
    with relay_process(tmp_path / "one") as relay:
        command = relay_command(tmp_path / "two", "--listen", f"127.0.0.1:{relay.port}")
        complaint = refused(command)
        assert "in use" in complaint
        assert "--listen" in complaint


def a_file_in_the_way(folder: Path) -> None:
    folder.write_text("not a folder")


def a_foreign_database(folder: Path) -> None:
    folder.mkdir()
    foreign = sqlite3.connect(folder / "relay.db")
    foreign.execute("CREATE TABLE recipes (name)")
    foreign.close()


def a_damaged_database(folder: Path) -> None:
    folder.mkdir()
    (folder / "relay.db").write_bytes(b"noise" * 2_000)


def a_damaged_key(folder: Path) -> None:
    folder.mkdir()
    (folder / "relay.key").write_bytes(b"noise")


def a_log_that_is_a_folder(folder: Path) -> None:
    (folder / "relay.log").mkdir(parents=True)


@pytest.mark.parametrize(
    ("obstacle", "words"),
    [
        (a_file_in_the_way, "cannot be used"),
        (a_foreign_database, "another program"),
        (a_damaged_database, "damaged"),
        (a_damaged_key, "The relay's key"),
        (a_log_that_is_a_folder, "The log"),
    ],
)
def test_what_is_in_the_way_is_said(
    tmp_path: Path, obstacle: Callable[[Path], None], words: str
) -> None:
    folder = tmp_path / "relay"
    obstacle(folder)
    assert words in refused(relay_command(folder))


# --- ending -----------------------------------------------------------------


async def test_sigterm_drains(tmp_path: Path, rng: random.Random) -> None:
    alice, bob = Person.called("alice", rng), Person.called("bob", rng)
    with relay_process(tmp_path) as relay:
        idle = await relay.enter(bob)
        client = await relay.enter(alice)
        ids = await client.send([submit_to(bob, rng.randbytes(5_000), rng) for _ in range(16)])
        await client.answers(ids[:1])
        code = await trio.to_thread.run_sync(relay.terminate)
        assert code == 0
        for each in (idle, client):
            await each.wait_for_end()
            assert [type(push) for push in each.pushes_so_far()] == [Closing]
        accepted = 1 + len(client.answers_so_far())
    with relay_process(tmp_path) as relay:
        waiting = await (await relay.enter(bob)).ask_for(Subscribed, Subscribe())
        assert waiting.waiting_count == accepted
        relay.terminate()


# --- P3: SIGKILL ------------------------------------------------------------


class History:
    """What one sender was promised, over any number of relay processes."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.alice = Person.called("alice", rng)
        self.bob = Person.called("bob", rng)
        self.accepted: set[bytes] = set()
        self.received: list[bytes] = []

    async def submit_until_it_dies(self, relay: RelayProcess, kill_after: int | None) -> None:
        """Keep 16 submits in flight; after so many answers kill the relay, or let others do it."""
        sender = await relay.enter(self.alice)
        under_way: dict[int, bytes] = {}
        answered = 0
        try:
            while True:
                await self._fill(sender, under_way)
                request_id = next(iter(under_way))
                (answer,) = await sender.answers([request_id])
                assert isinstance(answer, Accepted)
                self.accepted.add(under_way.pop(request_id))
                answered += 1
                if answered == kill_after:
                    relay.kill()
        except (StreamEnded, trio.BrokenResourceError):
            pass
        # What was said before the end counts as well.
        for request_id, answer in sender.answers_so_far().items():
            assert isinstance(answer, Accepted)
            self.accepted.add(under_way[request_id])

    async def _fill(self, sender: WireClient, under_way: dict[int, bytes]) -> None:
        missing = IN_FLIGHT - len(under_way)
        submits = [submit_to(self.bob, self.rng.randbytes(3_000), self.rng) for _ in range(missing)]
        ids = await sender.send(submits)
        under_way |= zip(ids, (submit.envelope_id for submit in submits), strict=True)

    async def receive_all(self, relay: RelayProcess) -> None:
        """Take all that waits, and acknowledge about half of it, to leave some for later."""
        receiver = await relay.enter(self.bob)
        waiting = (await receiver.ask_for(Subscribed, Subscribe())).waiting_count
        for number in range(waiting):
            mail: Deliver = await receiver.next_mail()
            self.received.append(mail.envelope_id)
            if number % 32 == 31 or number == waiting - 1:
                await receiver.ask(Acknowledge(mail.sequence))
        await receiver.aclose()

    def check(self) -> None:
        assert self.accepted
        assert len(self.received) == len(set(self.received)), "something came twice"
        assert self.accepted <= set(self.received), "something accepted was lost"


async def test_p3_kill_loses_nothing_accepted(tmp_path: Path, rng: random.Random) -> None:
    history = History(rng)
    with relay_process(tmp_path) as relay:
        await (await relay.enter(history.bob)).aclose()
        relay.terminate()
    for _ in range(4):
        with relay_process(tmp_path) as relay:
            await history.submit_until_it_dies(relay, kill_after=rng.randint(1, 200))
        with relay_process(tmp_path) as relay:
            await history.receive_all(relay)
            relay.kill()
    history.check()


@pytest.mark.parametrize("nth", [1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144])
async def test_p3_kill_at_the_nth_system_call(
    tmp_path: Path, rng: random.Random, strace: str, nth: int
) -> None:
    """Die inside the n-th write or sync: between a log's header and its page, before a sync."""
    history = History(rng)
    with relay_process(tmp_path) as relay:
        await (await relay.enter(history.bob)).aclose()
        await (await relay.enter(history.alice)).aclose()
        await history_with_a_little_mail(history, relay)
        relay.kill()
    inject = f"inject=pwrite64,fdatasync,fsync:signal=SIGKILL:when={nth}"
    trace = ["-e", "trace=pwrite64,fdatasync,fsync", "-e", inject]
    with relay_process(tmp_path, under=(strace, "-f", "-qq", "-o", "/dev/null", *trace)) as dying:
        if dying.url:  # else it died while it started
            await history.submit_until_it_dies(dying, kill_after=None)
        assert dying.process.wait(timeout=30) != 0
    with relay_process(tmp_path) as relay:
        await history.receive_all(relay)
        relay.terminate()
    history.check()


async def history_with_a_little_mail(history: History, relay: RelayProcess) -> None:
    """Leave mail in the log of the database, so that the next start has something to recover."""
    sender = await relay.enter(history.alice)
    submits = [submit_to(history.bob, history.rng.randbytes(3_000), history.rng) for _ in range(5)]
    answers = await sender.ask_all(submits)
    assert {type(answer) for answer in answers} == {Accepted}
    history.accepted |= {submit.envelope_id for submit in submits}
    await sender.aclose()
