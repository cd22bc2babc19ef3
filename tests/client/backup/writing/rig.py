"""A profile whose backup is written into memory, and an oracle that reads it back.

The oracle knows root and archive id and uses the formats alone: what it finds is what a new
device finds.
"""

import random
import shutil
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from client.backup.targets.interface import Source
from client.backup.writing.backup import back_up
from client.backup.writing.progress import Progress
from client.backup.writing.writer import Keepers, Outcome, Writer
from client.profile.paths import ProfileFolder
from client.store import account, archive
from client.store.archive import Archive
from client.store.connection import DatabaseKey, create_database
from client.store.database import Database, open_database
from client.store.transaction import Transaction, run_transaction
from client.values import Surroundings
from protocol.archive.digits import RecoveryDigits
from protocol.archive.entry import Entry
from protocol.archive.facts import PackedFact
from protocol.archive.head import HEAD_BYTES, Head, open_head_untrusted
from protocol.archive.keyring import Keyring, KeyringPlan, filled_with_empty, seal_keyring
from protocol.archive.keys import ArchiveRoot, head_key
from protocol.archive.layout import HEAD_PATH, ObjectKind, SlotKind
from protocol.archive.manifest import Manifest, open_manifest_untrusted
from protocol.archive.opening import open_bytes_untrusted
from protocol.archive.rows import MessageRow
from protocol.archive.segment import decode_segment_untrusted
from protocol.archive.slot import SlotRecord, make_face
from protocol.e2ee.identity import IdentityKeyPair, LocalDevice
from protocol.ids import DeviceAddress, Name
from protocol.signing import SigningKey, public_key_of
from tests.client.backup.reading.archives import MemoryTarget, at_once
from tests.support.histories import Shape, write_history

T = TypeVar("T")

NOW_MS = 1_800_000_000_000
DAY_MS = 86_400_000
KEY = DatabaseKey(bytes(range(32)))


class Killed(Exception):
    """The process dies here."""


@dataclass
class Fuse:
    """Lets the process die at the n-th thing that lasts: before it happens, or just after."""

    dies_at: int | None = None
    after: bool = False
    count: int = 0

    def burn(self) -> bool:
        """Count one; tell whether to die after it."""
        self.count += 1
        if self.count != self.dies_at:
            return False
        if not self.after:
            raise Killed
        return True


@dataclass
class RecordingTarget(MemoryTarget):
    """Remembers every put; dies when the fuse says so."""

    fuse: Fuse = field(default_factory=Fuse)
    puts: list[tuple[str, bytes]] = field(default_factory=list)
    keep_nothing: bool = False

    async def put(self, path: str, source: Source) -> None:
        dies = self.fuse.burn()
        await super().put(path, source)
        self.puts.append((path, self.objects[path]))
        if self.keep_nothing:
            self.puts.clear()
            self.objects[path] = b""
        if dies:
            raise Killed

    async def delete(self, path: str) -> None:
        dies = self.fuse.burn()
        await super().delete(path)
        if dies:
            raise Killed

    @property
    def stored_bytes(self) -> int:
        return sum(map(len, self.objects.values()))


class MortalDatabase(Database):
    """A database whose process may die before or after a commit."""

    fuse = Fuse()

    async def write(self, function: Callable[[Transaction], T]) -> T:
        dies = self.fuse.burn()
        result = await super().write(function)
        if dies:
            raise Killed
        return result


@dataclass
class Vault:
    """Takes heads while it is up."""

    name: str
    up: bool = True
    heads: list[bytes] = field(default_factory=list)

    async def place(self, head: bytes) -> bool:
        if self.up and head not in self.heads:
            self.heads.append(head)
        return self.up


@dataclass
class Person:
    """A profile on disk, and the storage of its backup."""

    folder: ProfileFolder
    rng: random.Random
    root: ArchiveRoot
    archive_id: bytes
    target: RecordingTarget = field(default_factory=RecordingTarget)
    now_ms: int = NOW_MS
    vaults: Sequence[Vault] = ()
    least: int = 0
    progress: list[Progress] = field(default_factory=list)

    @classmethod
    def make(cls, folder: Path, rng: random.Random) -> "Person":
        """Make a profile with an archive that has no backup yet."""
        folder.mkdir(exist_ok=True)
        root, archive_id = ArchiveRoot.generate(rng.randbytes), rng.randbytes(16)
        person = cls(ProfileFolder(folder), rng, root, archive_id)
        connection = create_database(person.folder.database, KEY)
        device = LocalDevice(DeviceAddress(Name("alice")), IdentityKeyPair.generate(rng.randbytes))
        keyring = new_keyring(root, archive_id, rng).encode()

        def furnish(tx: Transaction) -> None:
            account.create(tx, device, SigningKey(rng.randbytes(32)))
            archive.create(tx, Archive(archive_id, root, "memory", None, keyring))

        run_transaction(connection, furnish)
        connection.close()
        return person

    def copy(self, folder: Path) -> "Person":
        """Give the same profile and storage once more; its randomness goes on the same way."""
        shutil.copytree(self.folder.path, folder)
        rng = random.Random()
        rng.setstate(self.rng.getstate())
        target = RecordingTarget(dict(self.target.objects), puts=list(self.target.puts))
        vaults = [replace(vault, heads=list(vault.heads)) for vault in self.vaults]
        return replace(
            self, folder=ProfileFolder(folder), rng=rng, target=target, vaults=vaults, progress=[]
        )

    @asynccontextmanager
    async def awake(self, fuse: Fuse | None = None) -> AsyncIterator[Writer]:
        """Run the program: give what backups are made with."""
        self.target.fuse = fuse or Fuse()
        surroundings = Surroundings(lambda: self.now_ms, self.rng.randbytes, at_once)
        async with open_database(self.folder.database, KEY, at_once) as database:
            mortal = MortalDatabase(database._connection, at_once)
            mortal.fuse = self.target.fuse
            keepers = Keepers(self.vaults, self.least)
            yield Writer(
                mortal, self.folder, self.target, keepers, surroundings, self.progress.append
            )

    async def back_up(self, fuse: Fuse | None = None) -> Outcome:
        self.now_ms += 60_000
        async with self.awake(fuse) as writer:
            return await back_up(writer)

    async def change(self, function: Callable[[Transaction], T]) -> T:
        async with self.awake() as writer:
            return await writer.database.write(function)

    async def write_lines(self, shape: Shape) -> None:
        await self.change(lambda tx: write_history(tx, shape))


def new_keyring(root: ArchiveRoot, archive_id: bytes, rng: random.Random) -> Keyring:
    """Seal ``root`` to new digits."""
    secret = RecoveryDigits.generate(rng.randbytes).slot_secret()
    face = make_face(SlotKind.DIGITS, secret, archive_id, SlotRecord())
    plan = KeyringPlan(archive_id, 1, NOW_MS, filled_with_empty((face,)))
    return seal_keyring(plan, root)


@dataclass(frozen=True)
class Found:
    """What a backup holds: lines and facts by conversation and position, and the rest."""

    head: Head
    manifest: Manifest
    lines: dict[tuple[str, int], MessageRow]
    facts: dict[tuple[str, int], list[PackedFact]]
    media: dict[bytes, bytes]

    @property
    def needed(self) -> list[Entry]:
        return [entry for entry in self.manifest.entries if not entry.unneeded_since]


def read_back(person: Person, root: ArchiveRoot | None = None) -> Found:
    """Read the newest backup as a new device would."""
    known, objects = root or person.root, person.target.objects
    stored = objects[HEAD_PATH][:HEAD_BYTES]
    head = open_head_untrusted(stored, public_key_of(head_key(known)))
    manifest = open_manifest_untrusted(objects[head.manifest_path], head, known)
    return read_manifest(objects, head, manifest)


def read_manifest(objects: dict[str, bytes], head: Head, manifest: Manifest) -> Found:
    """Read everything that a manifest names."""
    found = Found(head, manifest, {}, defaultdict(list), {})
    for entry in found.needed:
        if entry.kind != ObjectKind.MANIFEST:
            content = open_bytes_untrusted(ObjectKind(entry.kind), entry.key, objects[entry.path])
            _take(found, entry, content)
    return found


def older(person: Person) -> Iterator[Found]:
    """Give the earlier backups that the newest retains."""
    newest = read_back(person)
    for entry in newest.needed:
        if entry.kind == ObjectKind.MANIFEST:
            stored = person.target.objects[entry.path]
            content = open_bytes_untrusted(ObjectKind.MANIFEST, entry.key, stored)
            manifest = Manifest.decode_untrusted(content)
            yield read_manifest(person.target.objects, newest.head, manifest)


def _take(found: Found, entry: Entry, content: bytes) -> None:
    if entry.kind == ObjectKind.MEDIA:
        found.media[entry.name] = content
    if entry.kind != ObjectKind.SEGMENT:
        return
    segment = decode_segment_untrusted(content)
    assert segment.conversation == entry.conversation
    for row in segment.rows:
        place = (segment.conversation, row.position)
        found.lines[place] = row
        found.facts[place] = [fact for fact in segment.facts if fact.position == row.position]


def texts(found: Found) -> list[str]:
    """Give what can be read, by position."""
    return [row.text for _, row in sorted(found.lines.items(), key=lambda each: each[0][1])]


async def history(person: Person) -> dict[tuple[str, int], str]:
    """Give what the profile itself holds."""
    rows = await person.change(lambda tx: tx.all("SELECT peer, row_id, text FROM history"))
    return {(peer, row_id): text for peer, row_id, text in rows}


def as_texts(found: Found) -> dict[tuple[str, int], str]:
    return {place: row.text for place, row in found.lines.items()}


def require_no_key_and_nonce_twice(puts: Collection[tuple[str, bytes]]) -> None:
    """See that no path but the two replaced ones, and no salt, ever stood for two contents."""
    by_path: dict[str, bytes] = {}
    by_salt: dict[bytes, bytes] = {}
    for path, stored in puts:
        if path not in ("head", "keyring"):
            assert by_path.setdefault(path, stored) == stored, f"{path} was written twice"
            assert by_salt.setdefault(stored[16:48], stored) == stored, "a salt was used twice"
