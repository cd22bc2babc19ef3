"""One backup with everything in it: two chats, facts, a file in two parts, a state, an account."""

import hashlib

from protocol.archive.account import AccountKeyRecord
from protocol.archive.facts import Media, pack_fact
from protocol.archive.layout import ObjectKind
from protocol.archive.rows import MessageRow, RowFlag, RowKind
from protocol.archive.segment import Segment
from protocol.archive.state import Contact, Setting, State
from protocol.ids import DeviceAddress, parse_name
from protocol.signing import SigningKey
from tests.client.backup.reading.archives import ArchiveMaker

ALICE, BOB, CAROL = (parse_name(name) for name in ("alice", "bob", "carol"))
START_MS = 1_750_000_000_000
HOUR_MS = 3_600_000
FILE = b"holiday" * 40_000
PARTS = (FILE[:100_000], FILE[100_000:])


def line(
    position: int,
    text: str = "hello",
    *,
    ours: bool = False,
    kind: int = RowKind.TEXT,
    state: int | None = None,
) -> MessageRow:
    """Give a line that was filed ``position`` hours after the start."""
    at_ms = START_MS + position * HOUR_MS
    flags = RowFlag.SHOWN | (RowFlag.OURS if ours else 0)
    message_id = hashlib.sha256(f"{position}".encode()).digest()[:16]
    state = (3 if ours else 5) if state is None else state
    return MessageRow(
        position, kind, state, flags, message_id, 1, position, at_ms, at_ms - 70, at_ms, text
    )


STATE = State(
    ALICE,
    (
        Contact(BOB, bytes(range(32)), None, True, False, 1),
        Contact(CAROL, bytes(32), None, False, True, 2),
    ),
    (Setting("padding", b"block"),),
)
ACCOUNT = AccountKeyRecord(1, DeviceAddress(ALICE), SigningKey(bytes(range(32))))


def full_backup(seed: str = "archive") -> ArchiveMaker:
    """Give an archive with one finished backup."""
    maker = ArchiveMaker(seed)
    parts = [maker.add(ObjectKind.MEDIA, part, "bob") for part in PARTS]
    names = tuple(part.name for part in parts)
    media = Media("holiday.jpg", len(FILE), hashlib.sha256(FILE).digest(), names)
    maker.add_segment(Segment(BOB, tuple(line(at, f"to bob {at}") for at in range(1, 6))))
    maker.add_segment(Segment(CAROL, tuple(line(at, ours=True) for at in range(6, 9))))
    maker.add_segment(
        Segment(BOB, (line(9, kind=RowKind.MEDIA), line(10, "bye")), (pack_fact(9, media),))
    )
    maker.add_state(STATE)
    maker.add_account(ACCOUNT)
    maker.finish()
    return maker
