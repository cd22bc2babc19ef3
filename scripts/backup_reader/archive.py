"""From the root to the newest manifest and what it names: docs/formats.md, "Head", "Manifest"."""

import io
import sys
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from scripts.backup_reader.conventions import (
    CannotRead,
    after_version,
    derive,
    encode,
    reading,
    require,
    split,
)
from scripts.backup_reader.keyring import Keyring
from scripts.backup_reader.objects import FOLDERS, MANIFEST, Opener, unseal

HEAD_BYTES, SIGNED_BYTES = 224, 160


class Head(NamedTuple):
    """What is signed with each backup. Its parts are those of the page, in the same order."""

    archive_id: bytes
    epoch: int
    made_at_ms: int
    previous_hash: bytes
    manifest_hash: bytes
    manifest_size: int
    keyring_generation: int
    account_generation: int
    keyring_hash: bytes


class Entry(NamedTuple):
    """What a manifest says of an object. Its parts are those of the page, in the same order."""

    kind: int
    messages: int
    name: bytes
    key: bytes
    content_hash: bytes
    size: int
    first_position: int
    last_position: int
    first_ms: int
    last_ms: int
    unneeded_since: int
    conversation: bytes

    @property
    def path(self) -> str:
        """Where the object lies."""
        return f"{FOLDERS[self.kind]}/{self.name.hex()}"

    @property
    def chat(self) -> str:
        """The peer whose conversation it belongs to, or none."""
        return self.conversation.rstrip(b"\0").decode()

    def __str__(self) -> str:
        about = f" (with {self.chat}, {day(self.first_ms)} to {day(self.last_ms)})"
        return self.path + (about if self.messages else "")


class Archive:
    """A backup whose root is known; ``complete``: all was read that was asked for."""

    def __init__(self, open_file: Opener, keyring: Keyring, root: bytes) -> None:
        self.open_file, self.keyring, self.root = open_file, keyring, root
        self.complete = True

    def complain(self, problem: object) -> None:
        """Name what is not as it should be, and go on."""
        print(f"open_backup: {problem}", file=sys.stderr)
        self.complete = False

    def tried(self, what: object, read: Callable[..., Any], *arguments: Any) -> Any:
        """Read something; where that fails complain, and give None."""
        try:
            with reading(str(what)):
                return read(*arguments)
        except CannotRead as error:
            return self.complain(error)

    def head(self, data: bytes) -> Head:
        """Read a head, which the head key must have signed."""
        *fields, signature = split(">7x16sQQ32s32sQII32s64s", after_version(data, b"glphead\n"))
        seed = derive(self.root, encode("glasspost/1/archive-head-key"))
        signed = encode("glasspost/1/archive-head", data[:SIGNED_BYTES])
        Ed25519PrivateKey.from_private_bytes(seed).public_key().verify(signature, signed)
        require(fields[0] == self.keyring.archive_id, "it belongs to another backup")
        return Head(*fields)

    def stored_head(self) -> Head:
        """Read the head in the storage; of two, the one that fits the keyring at hand."""
        with self.open_file("head") as file:
            data = file.read()
        require(len(data) in (HEAD_BYTES, 2 * HEAD_BYTES), "it is cut, or goes on after its end")
        old = data[HEAD_BYTES:]
        return self.head(old if old[128:160] == self.keyring.hash else data[:HEAD_BYTES])

    def newest(self, placed: list[bytes]) -> tuple[Head, list[Entry]]:
        """Give the newest head, in the storage or placed at the vaults, and what it names."""
        heads = [self.tried("head", self.stored_head)]
        heads += [self.tried("A head that a vault keeps", self.head, data) for data in placed]
        by_age = sorted(set(filter(None, heads)), key=lambda head: -head.epoch)
        if len(by_age) > 1 and by_age[0].epoch == by_age[1].epoch:
            self.complain("Two devices write this backup: two heads of one epoch are signed.")
        for head in by_age:
            what = f"The newest backup, of {day(head.made_at_ms)}: its manifest"
            if (entries := self.tried(what, self.manifest, head)) is not None:
                return head, entries
        raise CannotRead("Without a head and its manifest nothing can be read: try another copy")

    def manifest(self, head: Head) -> list[Entry]:
        """Give the entries of the manifest that a head names."""
        if head.keyring_hash != self.keyring.hash:
            raise CannotRead("The keyring is not the one that the newest head names: set back?")
        path = f"manifest/{head.epoch:016x}-{head.manifest_hash[:16].hex()}"
        with self.open_file(path) as file:
            stored = file.read(head.manifest_size + 1)
        require(sha256(stored).digest() == head.manifest_hash, "it is not the one that was signed")
        key = derive(self.root, encode("glasspost/1/archive-manifest"))
        content = b"".join(unseal(io.BytesIO(stored), MANIFEST, key))
        _retained, count, *named, _made = split(">3sI16sQQ24x", after_version(content[:64]))
        require(named == [head.archive_id, head.epoch], "it does not belong to its head")
        parts = [content[at : at + 192] for at in range(64, len(content), 192)]
        require(len(parts) == count, "it has more or fewer entries than it says")
        entries = [Entry(*split(">B3xI32s32s32sQQQQQQ32s8x", part)) for part in parts]
        return [entry for entry in entries if not entry.unneeded_since]

    def read(self, entry: Entry, decode: Callable[[bytes], Any]) -> Any:
        """Give the decoded content of an object; complain and give None where that fails."""
        return self.tried(entry, lambda: decode(self.content(entry)))

    def content(self, entry: Entry) -> bytes:
        """Give the content of an object."""
        with self.open_file(entry.path) as file:
            content = b"".join(unseal(file, entry.kind, entry.key))
        require(sha256(content).digest() == entry.content_hash, "it is not what the manifest names")
        return content


def day(time_ms: int) -> str:
    """Give the day of a time, for people."""
    return time.strftime("%Y-%m-%d", time.gmtime(min(time_ms, 2**47) // 1000))
