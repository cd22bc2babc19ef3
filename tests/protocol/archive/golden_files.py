"""The golden archive: a whole backup whose bytes must open for ever. All values are hex.

Keyring and segment stand in the file once and for all, since a library draws the
one's randomness and another version of a library may compress the other's bytes
differently. All else is built anew by the test and compared.

    python -m tests.protocol.archive.golden_files      writes the file anew

A change of the golden file is a change of the format.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from protocol.archive.entry import Entry
from protocol.archive.head import NO_HASH, Head, sign_head
from protocol.archive.keys import ObjectKey, head_key, object_name
from protocol.archive.layout import ObjectKind
from protocol.archive.manifest import Manifest, seal_manifest
from protocol.archive.retention import Retention
from protocol.archive.sealing import seal_bytes
from protocol.archive.segment import encode_segment
from protocol.archive.state import encode_state
from tests.protocol.archive.samples import (
    ACCOUNT,
    ARCHIVE_ID,
    DIGITS,
    KEYRING,
    NOW_MS,
    PASSWORD,
    ROOT,
    SEGMENT,
    STATE,
)
from tests.support.randomness import SeededBytes

FILE = Path(__file__).parent / "golden" / "archive.json"
MEDIUM = b"a medium of two chunks" * 3_000

Files = dict[str, bytes]


def load() -> dict[str, Any]:
    """Read the golden file."""
    golden: dict[str, Any] = json.loads(FILE.read_text())
    return golden


def build(keyring: bytes, segment: bytes) -> Files:
    """Make the archive around a keyring and the content of its segment."""
    draw = SeededBytes("golden archive")
    contents = (
        (ObjectKind.SEGMENT, "bob", segment),
        (ObjectKind.MEDIA, "bob", MEDIUM),
        (ObjectKind.STATE, "", encode_state(STATE)),
        (ObjectKind.ACCOUNT, "", ACCOUNT.encode()),
    )
    files, entries = {"keyring": keyring}, []
    for kind, conversation, content in contents:
        key = ObjectKey.generate(draw)
        entry = Entry(
            kind=kind,
            name=object_name(ROOT, kind, conversation, key),
            key=key,
            content_hash=hashlib.sha256(content).digest(),
            content_bytes=len(content),
            conversation=conversation,
        )
        entries.append(entry)
        files[entry.path] = seal_bytes(kind, key, content, draw)
    manifest = Manifest(ARCHIVE_ID, 1, NOW_MS, Retention(), tuple(entries))
    stored = seal_manifest(manifest, ROOT, draw)
    head = Head(
        archive_id=ARCHIVE_ID,
        epoch=1,
        made_at_ms=NOW_MS,
        previous_hash=NO_HASH,
        manifest_hash=hashlib.sha256(stored).digest(),
        manifest_bytes=len(stored),
        keyring_generation=1,
        account_generation=1,
        keyring_hash=hashlib.sha256(keyring).digest(),
    )
    return files | {head.manifest_path: stored, "head": sign_head(head, head_key(ROOT))}


def golden_of(files: Files, segment: str) -> dict[str, Any]:
    """Give what the golden file says of an archive; of its medium, which is large, the hash."""
    media = {path: stored for path, stored in files.items() if path.startswith("media/")}
    return {
        "digits": list(DIGITS.rows()),
        "password_slot_secret": PASSWORD.expose().hex(),
        "segment": segment,
        "files": {path: stored.hex() for path, stored in files.items() if path not in media},
        "sha256": {path: hashlib.sha256(stored).hexdigest() for path, stored in media.items()},
    }


def main() -> None:
    """Write the golden file."""
    segment = encode_segment(SEGMENT)
    golden = golden_of(build(KEYRING.encode(), segment), segment.hex())
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
