"""The schema of all messages as readable text, read off the code.

``python -m tests.protocol.wire.schema`` writes the golden file. Do that only
for a change that older programs survive: a new message with a new tag.
"""

from pathlib import Path
from typing import Any

from protocol.packing import Record, Shape, record_of
from protocol.wire.codec import MESSAGES

GOLDEN = Path(__file__).with_name("schema.golden")

_HEAD = """\
Each message is a frame: u32(length) || strict msgpack [tag, request id, fields...].
A record is a msgpack array of its fields.
"""


def schema() -> str:
    """Write down every message, by tag, and every record in them, by name."""
    nested: dict[str, Record] = {}
    messages = [
        _paragraph(f"{tag} {cls.__name__}", record_of(cls), nested)
        for tag, cls in sorted(MESSAGES.items())
    ]
    records: dict[str, str] = {}
    while missing := sorted(nested.keys() - records.keys()):
        for name in missing:
            records[name] = _paragraph(f"record {name}", nested[name], nested)
    return "\n".join([_HEAD, *messages, *(records[name] for name in sorted(records))])


def _paragraph(head: str, record: Record, nested: dict[str, Record]) -> str:
    lines = [head]
    for name, shape in record.parts:
        lines.append(f"    {name}: {shape.describe()}")
        _collect(shape, nested)
    return "\n".join(lines) + "\n"


def _collect(shape: Shape | Any, nested: dict[str, Record]) -> None:
    if isinstance(shape, Record):
        nested[shape.cls.__name__] = shape
    elif hasattr(shape, "inner"):
        _collect(shape.inner, nested)


if __name__ == "__main__":
    GOLDEN.write_text(schema())
