"""What ``listen`` prints and marks, and when it ends."""

import json
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from client.cli.output import Output
from client.cli.verbs.listen import Printer
from client.engine.engine import Engine
from client.engine.own_name import NameLost, name_lost
from client.errors import ExitCode, RelayUnreachable, TrustOpen, UserError
from client.profile.lock import try_lock
from client.profile.paths import ProfileFolder
from client.values import (
    Connection,
    ConnectionChanged,
    Contact,
    EngineEvent,
    EntryKind,
    HistoryChanged,
    HistoryEntry,
    TakeoverAnnounced,
    TrustQuestion,
)
from protocol.ids import Name
from tests.client.cli.chat.fakes import FakeEngine

BOB = Name("bob")


class Mailbox:
    """The part of an engine that listen uses."""

    def __init__(self, folder: Path) -> None:
        self.folder = ProfileFolder(folder)
        self.last_problem: UserError | None = None
        self.takeover: TakeoverAnnounced | None = None
        self._lines = FakeEngine()
        self._marked: set[int] = set()
        self._send, self._receive = trio.open_memory_channel[EngineEvent](100)

    @property
    def engine(self) -> Engine:
        """The fake, as what listen takes."""
        return cast("Engine", self)

    @property
    def own_device(self) -> "Mailbox":
        """The part that knows of takeovers."""
        return self

    async def announcement(self) -> TakeoverAnnounced | None:
        """Give what is announced."""
        return self.takeover

    def add(self, *texts: str) -> None:
        """Let messages have come, without telling."""
        for text in texts:
            self._lines.add("bob", text)

    def notice(self, text: str) -> None:
        """Let the client have said something."""
        entry = self._lines.add("bob", text)
        self._lines.rows[-1] = replace(entry, kind=EntryKind.NOTICE)

    def tell(self, event: EngineEvent) -> None:
        """Let something have happened."""
        self._send.send_nowait(event)

    @asynccontextmanager
    async def events(self) -> AsyncIterator[trio.MemoryReceiveChannel[EngineEvent]]:
        """Give what is told."""
        yield self._receive

    async def contacts(self) -> list[Contact]:
        """Give who is known."""
        return await self._lines.contacts()

    def ask(self, name: str) -> None:
        """Let a question be open, without telling."""
        self._lines.asked.append(Name(name))

    async def unlistened(self, limit: int) -> list[HistoryEntry]:
        """Give what is not marked; a checkpoint, as the real one is."""
        await trio.lowlevel.checkpoint()
        return [each for each in self._lines.rows if each.row_id not in self._marked][:limit]

    async def mark_listened(self, row_ids: list[int]) -> None:
        """Mark."""
        await trio.lowlevel.checkpoint()
        self._marked.update(row_ids)


@pytest.fixture
def mailbox(tmp_path: Path) -> Mailbox:
    return Mailbox(tmp_path)


def printed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Give the texts printed since the last call."""
    return [json.loads(line)["text"] for line in capsys.readouterr().out.splitlines()]


async def listen(mailbox: Mailbox, count: int | None = None, seconds: float = math.inf) -> None:
    await Printer(mailbox.engine, Output(json=True), count).run(seconds)


async def test_what_is_here_is_printed_even_without_time(
    mailbox: Mailbox, capsys: pytest.CaptureFixture[str]
) -> None:
    mailbox.add("one", "two")
    await listen(mailbox, seconds=0)
    assert printed(capsys) == ["one", "two"]
    await listen(mailbox, seconds=0)
    assert printed(capsys) == []


async def test_it_ends_at_the_count_and_leaves_the_rest(
    mailbox: Mailbox, capsys: pytest.CaptureFixture[str]
) -> None:
    mailbox.add("one", "two", "three")
    await listen(mailbox, count=2)
    assert printed(capsys) == ["one", "two"]
    await listen(mailbox, count=1)
    assert printed(capsys) == ["three"]


async def test_it_goes_on_as_messages_come(
    mailbox: Mailbox, capsys: pytest.CaptureFixture[str]
) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(listen, mailbox, 3)
        for text in ("one", "two", "three"):
            await wait_all_tasks_blocked()
            mailbox.add(text)
            mailbox.tell(HistoryChanged(BOB))
    assert printed(capsys) == ["one", "two", "three"]


async def test_it_ends_when_the_time_is_up(
    mailbox: Mailbox, autojump_clock: trio.testing.MockClock
) -> None:
    await listen(mailbox, seconds=30)
    assert trio.current_time() == pytest.approx(30)


async def test_it_waits_for_another_listen_to_have_marked(
    mailbox: Mailbox,
    capsys: pytest.CaptureFixture[str],
    autojump_clock: trio.testing.MockClock,
) -> None:
    mailbox.add("one")
    lock = try_lock(mailbox.folder.listen_lock)
    assert lock is not None
    async with trio.open_nursery() as nursery:
        nursery.start_soon(listen, mailbox, 1)
        await trio.sleep(10)
        assert printed(capsys) == []
        lock.release()
    assert printed(capsys) == ["one"]


async def test_being_unreachable_is_waited_out(
    mailbox: Mailbox, capsys: pytest.CaptureFixture[str]
) -> None:
    mailbox.last_problem = RelayUnreachable("Not there.")
    mailbox.tell(ConnectionChanged(Connection.OFFLINE, "Not there."))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(listen, mailbox, 1)
        await wait_all_tasks_blocked()
        mailbox.add("later")
        mailbox.tell(HistoryChanged(BOB))
    assert printed(capsys) == ["later"]


async def test_an_open_question_ends_it(mailbox: Mailbox) -> None:
    mailbox.last_problem = TrustOpen("Another key.")
    mailbox.tell(ConnectionChanged(Connection.OFFLINE, "Another key."))
    with pytest.raises(TrustOpen):
        await listen(mailbox)


@pytest.mark.parametrize("json_mode", [True, False])
async def test_a_changed_key_is_told_beside_the_messages(
    mailbox: Mailbox,
    capsys: pytest.CaptureFixture[str],
    autojump_clock: trio.testing.MockClock,
    json_mode: bool,
) -> None:
    mailbox.add("one")
    printer = Printer(mailbox.engine, Output(json=json_mode), None)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(printer.run, 5)
        await wait_all_tasks_blocked()
        await printer.raise_if_asked()
        mailbox.ask("bob")
        mailbox.tell(TrustQuestion(BOB, verified=True))
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 1
    if json_mode:
        notice = {"notice": "identity_changed", "from": "bob", "verified": True}
        assert [json.loads(line) for line in err.splitlines()] == [notice]
    else:
        assert "glasspost trust bob" in err
    with pytest.raises(TrustOpen, match="bob"):
        await printer.raise_if_asked()


async def test_a_key_that_changed_without_a_stop_is_told_beside_the_messages(
    mailbox: Mailbox, capsys: pytest.CaptureFixture[str]
) -> None:
    mailbox.add("one")
    mailbox.notice("bob's key has changed")
    mailbox.add("two")
    await listen(mailbox, count=2)
    out, err = capsys.readouterr()
    assert [json.loads(line)["text"] for line in out.splitlines()] == ["one", "two"]
    notice = {"notice": "identity_changed", "from": "bob", "verified": False}
    assert [json.loads(line) for line in err.splitlines()] == [notice]


async def test_a_question_from_before_is_told_too(
    mailbox: Mailbox, capsys: pytest.CaptureFixture[str]
) -> None:
    mailbox.add("one")
    mailbox.ask("bob")
    printer = Printer(mailbox.engine, Output(json=True), 1)
    await printer.run(0)
    assert "identity_changed" in capsys.readouterr().err
    # What was asked for has come: the question is told, and is no failure.
    await printer.raise_if_asked()


async def test_what_could_not_be_printed_is_not_marked(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(_output: Output) -> None:
        raise OSError(28, "No space left on device")

    mailbox.add("one")
    with monkeypatch.context() as patch:
        patch.setattr(Output, "flush", full)
        with pytest.raises(OSError, match="No space"):
            await listen(mailbox, count=1)
    capsys.readouterr()
    await listen(mailbox, seconds=0)
    assert printed(capsys) == ["one"]


async def test_a_takeover_is_told_once_beside_the_messages(
    mailbox: Mailbox, capsys: pytest.CaptureFixture[str]
) -> None:
    mailbox.takeover = TakeoverAnnounced(b"m" * 32, 1_700_000_000_000)
    mailbox.tell(mailbox.takeover)  # as after every login
    mailbox.tell(TakeoverAnnounced(b"m" * 32, 1_700_000_000_001))
    mailbox.add("one")
    await listen(mailbox, count=2, seconds=0.1)
    captured = capsys.readouterr()
    assert json.loads(captured.out)["text"] == "one"
    first, second = map(json.loads, captured.err.splitlines())
    assert first == {
        "notice": "takeover_announced",
        "until_ms": 1_700_000_000_000,
        "new_identity": "6d" * 32,
    }
    assert second["until_ms"] == 1_700_000_000_001


async def test_a_lost_name_ends_it(mailbox: Mailbox) -> None:
    mailbox.last_problem = name_lost(Name("alice"))
    mailbox.tell(ConnectionChanged(Connection.OFFLINE))
    with pytest.raises(NameLost) as caught:
        await listen(mailbox)
    assert caught.value.exit_code is ExitCode.REFUSED
