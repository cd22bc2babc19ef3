"""Profiles with a real encrypted store, and what of them has to come back from a backup."""

import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import apsw

from client.backup.reading.media import FilesInto
from client.backup.reading.wishes import Destination
from client.profile.media_folder import MediaFolder
from client.store import account, archive_changes, archive_lines, contacts, history, settings
from client.store.connection import DatabaseKey, create_database
from client.store.database import Database
from client.store.history import NewEntry
from client.store.restored_lines import NOT_SENT
from client.store.transaction import Transaction, run_reading, run_transaction
from client.values import EntryKind, MessageState, Surroundings
from protocol.archive.segment import Segment, cut
from protocol.archive.state import Contact, Setting, State
from protocol.e2ee.identity import IdentityKeyPair, LocalDevice
from protocol.ids import DeviceAddress, MessageId, Name, parse_name
from protocol.packing import pack_value
from protocol.signing import SigningKey
from tests.client.backup.reading.archives import ArchiveMaker, at_once
from tests.client.backup.reading.samples import START_MS
from tests.support.randomness import SeededBytes

T = TypeVar("T")

NOW_MS = 1_900_000_000_000
_NOT_YET = (1 << 63) - 1


@dataclass
class Profile:
    """One profile of ``name``."""

    name: Name
    connection: apsw.Connection
    folder: Path
    draw: SeededBytes

    @property
    def surroundings(self) -> Surroundings:
        return Surroundings(lambda: NOW_MS, self.draw, at_once)

    @property
    def database(self) -> Database:
        return Database(self.connection, at_once)

    @property
    def into(self) -> Destination:
        return Destination(self.database, self.surroundings)

    @property
    def files(self) -> FilesInto:
        return FilesInto(self.database, MediaFolder(self.folder), at_once)

    def write(self, function: Callable[[Transaction], T]) -> T:
        return run_transaction(self.connection, function)

    def read(self, function: Callable[[Transaction], T]) -> T:
        return run_reading(self.connection, function)

    def all(self, sql: str) -> list[Any]:
        return self.read(lambda tx: tx.all(sql))

    def close(self) -> None:
        self.connection.close()


Make = Callable[..., Profile]


def make_profile(folder: Path, name: str = "alice", seed: str = "") -> Profile:
    """Make an empty profile in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    draw = SeededBytes(f"{folder.name} {seed}")
    connection = create_database(folder / "profile.db", DatabaseKey(draw(32)))
    profile = Profile(parse_name(name), connection, folder / "media", draw)
    device = LocalDevice(DeviceAddress(profile.name), IdentityKeyPair.generate(draw))
    profile.write(lambda tx: account.create(tx, device, SigningKey(draw(32))))
    return profile


def state_of(tx: Transaction, own: Name) -> State:
    """Give contacts and settings as a backup has them."""
    known = tuple(
        Contact(pin.name, pin.identity, pin.pending_identity, pin.verified, pin.blocked, pin.series)
        for pin in contacts.everyone(tx)
    )
    chosen = tuple(Setting(key, pack_value(value)) for key, value in settings.carried(tx))
    return State(own, known, chosen)


def back_up(profile: Profile, maker: ArchiveMaker, rng: random.Random) -> None:
    """Write the whole history of ``profile`` into segments of uneven sizes, and finish a backup."""

    def segments(tx: Transaction) -> list[Segment]:
        found = []
        for conversation in archive_changes.pending(tx, 0):
            after = 0
            while (batch := archive_lines.batch(tx, conversation, after, 0)).rows:
                after = batch.last
                found += list(cut(Segment(conversation.peer, batch.rows, batch.facts)))
        return found

    for segment in profile.read(segments):
        for part in halved(segment, rng):
            maker.add_segment(part)
    maker.add_state(profile.read(lambda tx: state_of(tx, profile.name)))
    maker.finish()


def halved(segment: Segment, rng: random.Random) -> list[Segment]:
    """Cut a segment at random places."""
    count = len(segment.rows)
    if count < 2 or rng.random() < 0.4:
        return [segment]
    at = rng.randrange(1, count)
    first = {row.position for row in segment.rows[:at]}
    parts = [
        Segment(
            segment.conversation,
            segment.rows[:at] if before else segment.rows[at:],
            tuple(fact for fact in segment.facts if (fact.position in first) == before),
        )
        for before in (True, False)
    ]
    return [each for part in parts for each in halved(part, rng)]


def remembered(profile: Profile, *, positions: bool = True) -> list[Any]:
    """Give all that has to come back, in an order of its own; what was queued, as it becomes.

    Args:
        positions: row ids too, and what the senders counted.
    """
    facts, files = defaultdict(list), defaultdict(list)
    for line, *fact in profile.all("SELECT line, kind, body FROM facts ORDER BY fact_id"):
        facts[line].append(tuple(fact))
    for line, *file in profile.all("SELECT line, label, size, content_hash FROM media"):
        files[line].append(tuple(file))
    rows = profile.all("SELECT * FROM history ORDER BY peer, sender, message_id")
    return [(_as_restored(row, positions=positions), facts[row[0]], files[row[0]]) for row in rows]


def _as_restored(row: Any, *, positions: bool) -> Any:
    line, peer, sender, series, counter, order_ms, message_id, kind, state, *rest = row
    sent_at_ms, arrival_ms, listened, failure, *others = rest
    if state == MessageState.QUEUED:
        state, failure, order_ms = MessageState.FAILED, NOT_SENT, min(order_ms, sent_at_ms)
    place = (line, series, counter) if positions else ()
    what = (peer, sender, order_ms, message_id, kind, int(state))
    return (*place, *what, sent_at_ms, arrival_ms, listened, failure, *others)


def found_words(profile: Profile) -> list[int]:
    """Give the lines that the search finds by each of some words."""
    return [
        line
        for word in ("e", "t", "bye", "hello", "a", "owl")
        for (line,) in profile.all(
            f"SELECT rowid FROM history_words WHERE history_words MATCH '{word}*'"
        )
    ]


def order(profile: Profile) -> list[bytes]:
    """Give the message ids of all conversations as they are shown; without what was queued."""
    rows = profile.all(
        "SELECT message_id FROM history WHERE state NOT IN (1, 4)"
        " ORDER BY peer, order_ms, sender, series, counter, row_id"
    )
    return [message_id for (message_id,) in rows]


def incoming(profile: Profile, peer: Name, text: str, hours: int) -> int:
    """File a text of a peer, some hours after the start; give its row."""
    at_ms = START_MS + hours * 3_600_000
    entry = NewEntry(
        peer=peer,
        sender=peer,
        message_id=MessageId(profile.draw(16)),
        kind=EntryKind.TEXT,
        text=text,
        state=MessageState.RECEIVED,
        sent_at_ms=at_ms,
        arrival_ms=at_ms,
        counter=1_000,
    )
    row_id = profile.write(lambda tx: history.add(tx, entry))
    assert row_id is not None
    return row_id
