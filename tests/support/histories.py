"""Histories of any size, with everything that a line can be and that can hang on it.

``write_history`` fills a store in bulk: a million lines take less than a minute. What it writes
depends on its arguments and on how many lines there were. Words come from a vocabulary, so that
texts compress as texts do.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

from client.store import facts
from client.store.transaction import Transaction
from client.values import EntryKind, MessageState
from protocol.archive.facts import Deletion, Edit, Known, Reaction, Receipt, Reply, Timer
from protocol.ids import MessageId, Name, parse_name

START_MS: Final = 1_700_000_000_000
_NOT_YET: Final = (1 << 63) - 1
_DAY_MS: Final = 86_400_000
_VOCABULARY: Final = 4_000
_BURST: Final = 30
"""Lines of one conversation before another one goes on, on average."""

_INSERT: Final = (
    "INSERT INTO history (peer, sender, series, counter, order_ms, message_id, kind, state,"
    " sent_at_ms, arrival_ms, listened, failure, repaired, text, raw)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


@dataclass(frozen=True, slots=True)
class Shape:
    """What a history looks like.

    Args:
        lines: how many.
        peers: conversations, interleaved in bursts.
        own: our name.
        oddities: of a thousand lines so many are no delivered or received text, and as many
            have facts.
        words: of a text, on average.
        seed: of everything.
        starts_ms: the first line's date.
    """

    lines: int
    peers: int = 20
    own: str = "alice"
    oddities: int = 0
    words: int = 12
    seed: int = 1
    starts_ms: int = START_MS


def peer_names(shape: Shape) -> list[Name]:
    """Give the names of the conversations."""
    return [parse_name(f"peer{number:03}") for number in range(shape.peers)]


def write_history(tx: Transaction, shape: Shape) -> None:
    """Write the lines of ``shape`` behind those that are there, and what hangs on them."""
    first: int = (tx.value("SELECT seq FROM sqlite_sequence WHERE name = 'history'") or 0) + 1
    rng = random.Random(f"{shape.seed} {shape.lines} {first}")
    tx.execute_many(_INSERT, _rows(shape, rng))
    tx.execute(
        "INSERT INTO history_words (rowid, text)"
        " SELECT row_id, text FROM history WHERE row_id >= ? AND kind = ?",
        (first, EntryKind.TEXT),
    )
    for peer in peer_names(shape):
        tx.execute("INSERT OR IGNORE INTO contacts (name) VALUES (?)", (peer,))
    for line in range(first, first + shape.lines):
        if rng.randrange(1_000) < shape.oddities:
            _hang_on(tx, line, rng)


def any_fact(rng: random.Random, at_ms: int) -> Known:
    """Draw a fact that may hang on any line and takes nothing away."""
    return rng.choice(
        (
            Reply(rng.random() < 0.5, MessageId(rng.randbytes(16))),
            Edit(at_ms, "it read so before"),
            Reaction(rng.random() < 0.5, at_ms, rng.choice("🦉🙂👍")),
            Receipt(at_ms, rng.choice((0, at_ms + 1))),
            Timer(at_ms + 3_650 * _DAY_MS),
        )
    )


def _hang_on(tx: Transaction, line: int, rng: random.Random) -> None:
    at_ms, kind = tx.all("SELECT sent_at_ms, kind FROM history WHERE row_id = ?", (line,))[0]
    facts.add(
        tx, line, Deletion(True, at_ms) if kind == EntryKind.DELETED else any_fact(rng, at_ms)
    )


def _rows(shape: Shape, rng: random.Random) -> Iterator[tuple[Any, ...]]:
    names, counters = peer_names(shape), dict.fromkeys(peer_names(shape), 0)
    words = _Words(rng, shape.words)
    peer = names[0]
    for number in range(shape.lines):
        if rng.randrange(_BURST) == 0:
            peer = rng.choice(names)
        counters[peer] += 1
        at_ms = shape.starts_ms + number * 60_000 + rng.randrange(30_000)
        odd = rng.randrange(1_000) < shape.oddities
        line = _Line(peer, shape.own, counters[peer], at_ms, rng.randbytes(16), words.text())
        yield rng.choice(_ODD)(line) if odd else line.usual(ours=rng.random() < 0.5)


class _Words:
    """Texts of a vocabulary in which few words are frequent and most are rare."""

    def __init__(self, rng: random.Random, count: int) -> None:
        self._rng, self._count = rng, count
        letters = "etaoinshrdlucmfwypvbgk"
        lengths = [rng.randint(2, 9) for _ in range(_VOCABULARY)]
        self._words = ["".join(rng.choices(letters, k=length)) for length in lengths]
        self._weights = list(accumulate(1 / rank for rank in range(1, _VOCABULARY + 1)))

    def text(self) -> str:
        count = self._rng.randint(1, 2 * self._count - 1)
        return " ".join(self._rng.choices(self._words, cum_weights=self._weights, k=count))


@dataclass(frozen=True, slots=True)
class _Line:
    """One line, not decided yet."""

    peer: str
    own: str
    counter: int
    at_ms: int
    message_id: bytes
    text: str

    def usual(self, *, ours: bool) -> tuple[Any, ...]:
        state = MessageState.DELIVERED if ours else MessageState.RECEIVED
        return self.row(EntryKind.TEXT, state, ours=ours)

    def row(
        self,
        kind: EntryKind,
        state: MessageState,
        *,
        ours: bool = False,
        failure: str = "",
        text: str | None = None,
        raw: bytes | None = None,
    ) -> tuple[Any, ...]:
        queued = state is MessageState.QUEUED
        return (
            self.peer,
            self.own if ours else self.peer,
            1,
            self.counter,
            _NOT_YET if queued else self.at_ms,
            self.message_id,
            kind,
            state,
            self.at_ms - 70,
            None if queued or failure else self.at_ms,
            1,
            failure,
            int(kind is EntryKind.TEXT and not ours and self.counter % 7 == 0),
            self.text if text is None else text,
            raw,
        )


_ODD: Final = (
    lambda line: line.row(EntryKind.TEXT, MessageState.QUEUED, ours=True),
    lambda line: line.row(EntryKind.TEXT, MessageState.AT_RELAY, ours=True),
    lambda line: line.row(EntryKind.TEXT, MessageState.FAILED, ours=True, failure="They are gone."),
    lambda line: line.row(EntryKind.UNSUPPORTED, MessageState.RECEIVED, text="", raw=b"\x93new"),
    lambda line: line.row(EntryKind.UNREADABLE, MessageState.RECEIVED, text="1 message is missing"),
    lambda line: line.row(EntryKind.NOTICE, MessageState.RECEIVED, text="A sentence."),
    lambda line: line.row(EntryKind.DELETED, MessageState.RECEIVED, text=""),
    lambda line: line.row(EntryKind.TEXT, MessageState.RECEIVED, text="ü🦉\0\x1b[31m" * 40),
)
