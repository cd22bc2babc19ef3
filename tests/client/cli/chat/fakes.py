"""An engine without a network or database, and a view that remembers what it was told."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import cast

import trio
from rich.console import Console
from rich.text import Text

from client.engine.engine import Engine
from client.engine.own_device import TakeoverEnd
from client.engine.status import ReceiverSeat, Status
from client.errors import LocalError, UserError
from client.messaging.trust import OpenQuestion
from client.network.address import parse_address
from client.values import (
    Connection,
    Contact,
    EngineEvent,
    EntryKind,
    HistoryChanged,
    HistoryEntry,
    MessageState,
    TakeoverAnnounced,
)
from protocol.ids import MessageId, Name

START_MS = 1_800_000_000_000
NUMBER = "1234567890" * 6


@dataclass
class FakeOwnDevice:
    """A device whose relay answers when the test says so."""

    vetoes: int = 0
    ended: trio.Event = field(default_factory=trio.Event)
    end: TakeoverEnd = TakeoverEnd.VETOED

    async def object(self) -> None:
        """Count the vetoes."""
        self.vetoes += 1

    async def wait_over(self, announced: TakeoverAnnounced) -> TakeoverEnd:
        """Give the end, when it has come."""
        del announced
        await self.ended.wait()
        return self.end


@dataclass
class FakeEngine:
    """Keeps conversations in lists; tests change them and tell the talk."""

    rows: list[HistoryEntry] = field(default_factory=list)
    connection: Connection = Connection.ONLINE
    last_problem: UserError | None = None
    verified: list[Name] = field(default_factory=list)
    refusal: UserError | None = None
    settled: bool = False
    own_device: FakeOwnDevice = field(default_factory=FakeOwnDevice)
    asked: list[Name] = field(default_factory=list)
    answers: list[tuple[Name, str]] = field(default_factory=list)
    told: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._send, self._receive = trio.open_memory_channel[EngineEvent](100)

    @property
    def engine(self) -> Engine:
        """The fake, as what the talk takes."""
        return cast("Engine", self)

    def add(
        self, peer: str, text: str, *, outgoing: bool = False, missing: int = 0
    ) -> HistoryEntry:
        """Add a line to a conversation, without telling."""
        number = len(self.rows) + 1
        entry = HistoryEntry(
            row_id=number,
            peer=Name(peer),
            outgoing=outgoing,
            message_id=MessageId(number.to_bytes(16, "big")),
            counter=number,
            kind=EntryKind.TEXT,
            text=text,
            state=MessageState.QUEUED if outgoing else MessageState.RECEIVED,
            sent_at_ms=START_MS,
            arrival_ms=None if outgoing else START_MS,
            missing_before=missing,
        )
        self.rows.append(entry)
        return entry

    def become(self, row_id: int, state: MessageState, failure: str = "") -> None:
        """Move a message on, and tell."""
        entry = replace(self.rows[row_id - 1], state=state, failure=failure)
        self.rows[row_id - 1] = entry
        self.tell(HistoryChanged(entry.peer))

    def tell(self, event: EngineEvent) -> None:
        """Let something have happened."""
        self._send.send_nowait(event)

    @asynccontextmanager
    async def events(self) -> AsyncIterator[trio.MemoryReceiveChannel[EngineEvent]]:
        """Give what is told."""
        yield self._receive

    async def send_text(self, peer: Name, text: str) -> MessageId:
        """Add a line of our own."""
        if self.refusal is not None:
            raise self.refusal
        if not text.strip("-"):
            raise LocalError("The message is empty.", hint="Write something.")
        return self.add(peer, text, outgoing=True).message_id

    async def history(self, peer: Name, limit: int) -> list[HistoryEntry]:
        """Give the newest lines."""
        return [entry for entry in self.rows if entry.peer == peer][-limit:]

    async def untold_notices(self, peer: Name) -> list[HistoryEntry]:
        """Give the notices that were not marked."""
        return [
            entry
            for entry in self.rows
            if entry.peer == peer
            and entry.kind is EntryKind.NOTICE
            and entry.row_id not in self.told
        ]

    async def mark_listened(self, row_ids: list[int]) -> None:
        """Remember what was told."""
        self.told.update(row_ids)

    async def search(self, words: str, limit: int) -> list[HistoryEntry]:
        """Give what holds the words as they are."""
        return [entry for entry in reversed(self.rows) if words in entry.text][:limit]

    async def contacts(self) -> list[Contact]:
        """Give everybody with a line."""
        names = sorted({entry.peer for entry in self.rows})
        return [
            Contact(
                name,
                b"k" * 32,
                name in self.verified,
                b"n" * 32 if name in self.asked else None,
                1,
                START_MS,
            )
            for name in names
        ]

    async def safety_number(self, peer: Name) -> str:
        """Give always the same."""
        del peer
        return NUMBER

    async def verify(self, peer: Name) -> None:
        """Remember who was verified."""
        self.verified.append(peer)

    @property
    def trust(self) -> "FakeEngine":
        """The fake, as the desk of its questions."""
        return self

    async def question(self, peer: Name) -> OpenQuestion | None:
        """Give the question, while it is open."""
        if peer not in self.asked:
            return None
        return OpenQuestion(peer, False, NUMBER[::-1], NUMBER, b"n" * 32)

    async def accept(self, peer: Name) -> None:
        """Remember the answer."""
        self.asked.remove(peer)
        self.answers.append((peer, "accepted"))

    async def keep(self, peer: Name) -> None:
        """Remember the answer."""
        self.asked.remove(peer)
        self.answers.append((peer, "kept"))

    async def status(self) -> Status:
        """Give a status."""
        return Status(
            name=Name("alice"),
            relay=parse_address("127.0.0.1"),
            registered=True,
            connection=self.connection,
            problem=self.last_problem,
            receiver=ReceiverSeat.THIS_PROCESS,
            queued_count=0,
            contact_count=1,
            sealed_count=0,
            blocked=(),
            message_count=len(self.rows),
            open_questions=(),
            one_time_key_count=100,
            database_bytes=4096,
        )

    async def settle(self, timeout_s: float) -> None:
        """Remember that it was asked for."""
        del timeout_s
        self.settled = True


class FakeView:
    """Remembers what was said; lines are typed by the test.

    Attributes:
        said: all that stands above the prompt, as plain text.
        words: the prompt.
        draft: what was put back to be gone on with.
        rewrites: whether the newest lines can be rewritten, as on a terminal.
    """

    def __init__(self, *, rewrites: bool = True) -> None:
        self.console = Console(width=80, force_terminal=False)
        self.said: list[str] = []
        self.words = ""
        self.draft = ""
        self.rewrites = rewrites
        self._newest: str | None = None
        self._type, self._lines = trio.open_memory_channel[str](100)

    def say(self, text: Text, key: str | None = None) -> None:
        """Remember lines."""
        self.said.append(text.plain)
        self._newest = key

    def say_again(self, text: Text, key: str) -> bool:
        """Replace the newest lines."""
        if not self.rewrites or key != self._newest:
            return False
        self.said[-1] = text.plain
        return True

    def scroll(self) -> None:
        """Let all that was said leave the screen."""
        self._newest = None

    def prompt(self, words: str) -> None:
        """Remember the prompt."""
        self.words = words

    def put_back(self, text: str) -> None:
        """Remember a draft."""
        self.draft = text

    async def lines(self) -> AsyncGenerator[str, None]:
        """Give what the test types."""
        async for line in self._lines:
            yield line

    def type(self, *lines: str) -> None:
        """Enter lines."""
        for line in lines:
            self._type.send_nowait(line)

    def leave(self) -> None:
        """End the input."""
        self._type.close()
