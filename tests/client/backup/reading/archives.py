"""Small archives made with the format alone, and a storage in memory to lay them in."""

import hashlib
from collections.abc import AsyncGenerator, Callable, Collection
from dataclasses import dataclass, field, replace
from typing import TypeVar

import trio

from client.backup.targets.interface import Listed, ObjectMissing, Source
from protocol.archive.account import AccountKeyRecord
from protocol.archive.digits import RecoveryDigits
from protocol.archive.entry import Entry
from protocol.archive.head import NO_HASH, Head, hash_of_head, sign_head
from protocol.archive.keyring import Keyring, KeyringPlan, filled_with_empty, seal_keyring
from protocol.archive.keys import ArchiveRoot, ObjectKey, head_key, object_name
from protocol.archive.layout import HEAD_PATH, KEYRING_PATH, ObjectKind, SlotKind
from protocol.archive.manifest import Manifest, entry_of_manifest, seal_manifest
from protocol.archive.retention import Retention
from protocol.archive.sealing import seal_bytes
from protocol.archive.segment import Segment, encode_segment
from protocol.archive.slot import SlotRecord, make_face
from protocol.archive.state import State, encode_state
from tests.support.randomness import SeededBytes

T = TypeVar("T")

DAY_MS = 86_400_000


async def at_once(function: Callable[[], T]) -> T:
    await trio.lowlevel.checkpoint()
    return function()


@dataclass
class MemoryTarget:
    """A storage that a test can look into and change."""

    objects: dict[str, bytes] = field(default_factory=dict)
    where: str = "memory"
    reads: int = 0

    async def prepare(self) -> None:
        await trio.lowlevel.checkpoint()

    async def put(self, path: str, source: Source) -> None:
        self.objects[path] = await source.read(0, source.size)

    async def size(self, path: str) -> int | None:
        await trio.lowlevel.checkpoint()
        return len(self.objects[path]) if path in self.objects else None

    async def read(self, path: str, offset: int, length: int) -> bytes:
        await trio.lowlevel.checkpoint()
        self.reads += 1
        if path not in self.objects:
            raise ObjectMissing(self.where, path)
        return self.objects[path][offset : offset + length]

    async def listed(self, known: Collection[str] = ()) -> AsyncGenerator[Listed, None]:
        for path, data in self.objects.items():
            yield Listed(path, len(data))

    async def delete(self, path: str) -> None:
        await trio.lowlevel.checkpoint()
        self.objects.pop(path, None)

    async def keep(self, paths: Collection[str]) -> None:
        await trio.lowlevel.checkpoint()


class ArchiveMaker:
    """Writes backups of one archive into a storage: as much of them as a test wants."""

    def __init__(self, seed: str = "archive", target: MemoryTarget | None = None) -> None:
        self.draw = SeededBytes(seed)
        self.target = target or MemoryTarget()
        self.root = ArchiveRoot.generate(self.draw)
        self.archive_id = self.draw(16)
        self.digits = RecoveryDigits.generate(self.draw)
        face = make_face(SlotKind.DIGITS, self.digits.slot_secret(), self.archive_id, SlotRecord())
        plan = KeyringPlan(self.archive_id, 1, 1, filled_with_empty((face,)))
        self.keyring: Keyring = seal_keyring(plan, self.root)
        self.target.objects[KEYRING_PATH] = self.keyring.encode()
        self.entries: list[Entry] = []
        self.epoch, self.stored_head, self.made_at_ms = 0, b"", 1_760_000_000_000

    def add(self, kind: ObjectKind, content: bytes, conversation: str = "") -> Entry:
        """Put an object there, for the next backup."""
        key = ObjectKey.generate(self.draw)
        entry = Entry(
            kind=kind,
            name=object_name(self.root, kind, conversation, key),
            key=key,
            content_hash=hashlib.sha256(content).digest(),
            content_bytes=len(content),
            conversation=conversation,
        )
        self.target.objects[entry.path] = seal_bytes(kind, key, content, self.draw)
        self.entries.append(entry)
        return entry

    def add_segment(self, segment: Segment) -> Entry:
        entry = self.add(ObjectKind.SEGMENT, encode_segment(segment), segment.conversation)
        dates = [row.sent_at_ms for row in segment.rows]
        told = replace(
            entry,
            messages=len(segment.rows),
            first_position=segment.rows[0].position,
            last_position=segment.rows[-1].position,
            first_ms=min(dates),
            last_ms=max(dates),
        )
        self.entries[-1] = told
        return told

    def add_state(self, state: State) -> Entry:
        self.entries = [each for each in self.entries if each.kind != ObjectKind.STATE]
        return self.add(ObjectKind.STATE, encode_state(state))

    def add_account(self, record: AccountKeyRecord) -> Entry:
        return self.add(ObjectKind.ACCOUNT, record.encode())

    def finish(self) -> bytes:
        """End a backup; the next one retains it. Give its head."""
        self.epoch += 1
        self.made_at_ms += DAY_MS
        manifest = Manifest(
            self.archive_id, self.epoch, self.made_at_ms, Retention(), tuple(self.entries)
        )
        stored = seal_manifest(manifest, self.root, self.draw)
        head = self._head(stored)
        self.target.objects[head.manifest_path] = stored
        self.stored_head = sign_head(head, head_key(self.root))
        self.target.objects[HEAD_PATH] = self.stored_head
        self.entries.append(entry_of_manifest(manifest, stored, self.root))
        return self.stored_head

    def _head(self, stored_manifest: bytes) -> Head:
        return Head(
            archive_id=self.archive_id,
            epoch=self.epoch,
            made_at_ms=self.made_at_ms,
            previous_hash=hash_of_head(self.stored_head) if self.stored_head else NO_HASH,
            manifest_hash=hashlib.sha256(stored_manifest).digest(),
            manifest_bytes=len(stored_manifest),
            keyring_generation=1,
            account_generation=1,
            keyring_hash=hashlib.sha256(self.keyring.encode()).digest(),
        )


@dataclass
class Vault:
    """A source of heads."""

    name: str
    stored: bytes | None = None
    error: Exception | None = None

    async def head(self) -> bytes | None:
        await trio.lowlevel.checkpoint()
        if self.error is not None:
            raise self.error
        return self.stored
