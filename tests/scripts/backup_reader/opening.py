"""Runs ``scripts/open_backup.py`` on a backup in a folder, as a person does."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

from protocol.archive.digits import RecoveryDigits
from protocol.archive.facts import FactKind, PackedFact, UnknownFact, unpack_fact_untrusted
from protocol.archive.rows import MessageRow, RowKind
from scripts import open_backup

Line = dict[str, Any]

STATES = {1: "queued", 2: "at the relay", 3: "delivered", 4: "failed", 5: "received"}
RENAMED = {"to_ours": "ours", "message_id": "id", "content_hash": "sha256", "parts": "objects"}


@dataclass(frozen=True)
class Shown:
    """What a run came to."""

    exit_code: int
    lines: list[Line]
    said: str

    def of(self, kind: str) -> list[Line]:
        """Give the lines of a type."""
        return [line for line in self.lines if line["type"] == kind]


def lay_out(objects: Mapping[str, bytes], folder: Path) -> Path:
    """Write a tree of files."""
    for path, data in objects.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> Shown:
    """Run the program."""
    capsys.readouterr()
    exit_code = open_backup.main(list(map(str, arguments)))
    captured = capsys.readouterr()
    lines = [json.loads(line) for line in captured.out.splitlines()]
    return Shown(exit_code, lines, captured.err)


def digits_file(digits: RecoveryDigits, folder: Path) -> Path:
    """Write digits as they are shown."""
    file = folder / "digits"
    file.write_text("\n".join(digits.rows()) + "\n")
    return file


def line_of(chat: str, row: MessageRow, facts: Iterable[PackedFact], own: str = "alice") -> Line:
    """Give the line that a message should come to."""
    known = {number.value: number.name.lower() for number in RowKind}
    return {
        "type": "message",
        "chat": chat,
        "sender": own if row.flags & 1 else chat,
        "text": row.text,
        "sent_ms": row.sent_at_ms,
        "arrival_ms": row.arrival_ms,
        "order_ms": row.order_ms,
        "kind": known.get(row.kind, row.kind),
        "state": STATES.get(row.state, row.state),
        "flags": row.flags,
        "shown": row.flags & 2 != 0,
        "repaired": row.flags & 4 != 0,
        "id": row.message_id.hex(),
        "position": row.position,
        "series": row.series,
        "counter": row.counter,
        "facts": [fact_of(fact) for fact in facts if fact.position == row.position],
    }


def fact_of(packed: PackedFact) -> Line:
    """Give what a fact should come to."""
    fact = unpack_fact_untrusted(packed)
    if isinstance(fact, UnknownFact):
        return {"fact": packed.kind, "body": packed.body.hex()}
    fields = {RENAMED.get(name, name): in_hex(value) for name, value in asdict(fact).items()}
    return {"fact": FactKind(packed.kind).name.lower(), **fields}


def in_hex(value: Any) -> Any:
    """Give bytes as they are shown, wherever they stand."""
    if isinstance(value, bytes):
        return value.hex()
    return [in_hex(each) for each in value] if isinstance(value, tuple) else value
