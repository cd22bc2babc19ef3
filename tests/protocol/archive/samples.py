"""One small archive, the same in every test: root, keyring, manifest, head, segment."""

import hashlib
from dataclasses import replace

from protocol.archive.account import AccountKeyRecord
from protocol.archive.digits import RecoveryDigits
from protocol.archive.entry import Entry
from protocol.archive.facts import (
    Deletion,
    Edit,
    Failure,
    Known,
    Media,
    Raw,
    Reaction,
    Receipt,
    Reply,
    Timer,
    UnknownFact,
    pack_fact,
)
from protocol.archive.head import NO_HASH, Head, sign_head
from protocol.archive.keyring import Keyring, KeyringPlan, filled_with_empty, seal_keyring
from protocol.archive.keys import ArchiveRoot, ObjectKey, head_key, object_name
from protocol.archive.layout import ObjectKind, SlotKind
from protocol.archive.manifest import Manifest, seal_manifest
from protocol.archive.retention import Retention
from protocol.archive.rows import MessageRow, RowFlag, RowKind
from protocol.archive.segment import Segment
from protocol.archive.slot import SlotRecord, make_face
from protocol.archive.slot_secret import SlotSecret
from protocol.archive.state import Contact, Setting, State
from protocol.ids import DeviceAddress, MessageId, parse_name
from protocol.signing import SigningKey
from tests.support.randomness import SeededBytes

NOW_MS = 1_760_000_000_000
BOB, CAROL = parse_name("bob"), parse_name("carol")
DRAW = SeededBytes("archive")

ARCHIVE_ID = DRAW(16)
ROOT = ArchiveRoot.generate(DRAW)
DIGITS = RecoveryDigits.generate(DRAW)
PASSWORD = SlotSecret(DRAW(32))
RECORD = SlotRecord(b"vaults, salt and costs")

PLAN = KeyringPlan(
    ARCHIVE_ID,
    1,
    NOW_MS,
    filled_with_empty(
        (
            make_face(SlotKind.DIGITS, DIGITS.slot_secret(), ARCHIVE_ID, SlotRecord()),
            make_face(SlotKind.PASSWORD, PASSWORD, ARCHIVE_ID, RECORD),
        )
    ),
)
KEYRING = seal_keyring(PLAN, ROOT)


def row(position: int, text: str = "hello", kind: int = RowKind.TEXT) -> MessageRow:
    """Give a line from Bob."""
    message_id = hashlib.sha256(str(position).encode()).digest()[:16]
    at = NOW_MS + 1_000 * position
    return MessageRow(
        position, kind, 5, RowFlag.SHOWN, message_id, 1, position, at, at - 70, at, text
    )


MESSAGE_ID = MessageId(bytes(range(16)))
FACTS: tuple[Known | UnknownFact, ...] = (
    Reply(True, MESSAGE_ID),
    Edit(NOW_MS, "helo"),
    Reaction(False, NOW_MS, "🦉"),
    Deletion(True, NOW_MS),
    Receipt(NOW_MS, 0),
    Timer(NOW_MS),
    Media("holiday.jpg", 1_234, bytes(range(32)), (bytes(32), bytes(range(32)))),
    Failure("the peer is gone"),
    Raw(b"\x96\x02"),
    UnknownFact(200, b"of a newer program"),
)

SEGMENT = Segment(
    BOB,
    (
        row(3),
        row(4, "Grüße 🦉"),
        row(7, "", RowKind.DELETED),
        row(8, "a gap", RowKind.UNREADABLE),
        row(9, "of a newer program", 99),
    ),
    tuple(pack_fact(3 if number < 5 else 9, fact) for number, fact in enumerate(FACTS)),
)

STATE = State(
    parse_name("alice"),
    (
        Contact(BOB, bytes(range(32)), None, True, False, 1),
        Contact(CAROL, None, bytes(range(32)), False, True, 2),
    ),
    (Setting("padding", b"padme"),),
)


ACCOUNT = AccountKeyRecord(1, DeviceAddress(parse_name("alice")), SigningKey(DRAW(32)))


def entry(kind: ObjectKind = ObjectKind.SEGMENT, conversation: str = "bob") -> Entry:
    """Give an entry for an object that is not made."""
    key = ObjectKey.generate(DRAW)
    return Entry(
        kind=kind,
        name=object_name(ROOT, kind, conversation, key),
        key=key,
        content_hash=DRAW(32),
        content_bytes=1_234,
        conversation=conversation,
        messages=5,
        first_position=3,
        last_position=9,
        first_ms=NOW_MS,
        last_ms=NOW_MS + 9_000,
    )


MANIFEST = Manifest(
    ARCHIVE_ID,
    7,
    NOW_MS,
    Retention(),
    (entry(), entry(ObjectKind.MEDIA), entry(ObjectKind.STATE, "")),
)
STORED_MANIFEST = seal_manifest(MANIFEST, ROOT, DRAW)


def head_of(stored_manifest: bytes, epoch: int, keyring: Keyring = KEYRING) -> Head:
    """Give the head that names a manifest and the keyring."""
    return Head(
        ARCHIVE_ID,
        epoch,
        NOW_MS + epoch,
        NO_HASH,
        hashlib.sha256(stored_manifest).digest(),
        len(stored_manifest),
        keyring.plan.generation,
        1,
        hashlib.sha256(keyring.encode()).digest(),
    )


HEAD = head_of(STORED_MANIFEST, 7)
STORED_HEAD = sign_head(HEAD, head_key(ROOT))


def later_head(previous: bytes, epoch: int, manifest: bytes = STORED_MANIFEST) -> bytes:
    """Give the signed head after ``previous``."""
    head = replace(head_of(manifest, epoch), previous_hash=hashlib.sha256(previous).digest())
    return sign_head(head, head_key(ROOT))


def flipped(data: bytes, place: int) -> bytes:
    """Change one bit of the byte at ``place``: each place another bit."""
    changed = bytearray(data)
    changed[place] ^= 1 << (place % 8)
    return bytes(changed)
