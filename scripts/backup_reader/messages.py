"""What segments and state say, as lines of JSON: docs/formats.md, "Segment", "Facts", "State"."""

from typing import Any

import zstandard

from scripts.backup_reader.conventions import after_version, require, split, strict

MAX_SEGMENT_BYTES = 8_388_608
KINDS = dict(enumerate(("text", "media", "unsupported", "unreadable", "notice", "deleted"), 1))
STATES = dict(enumerate(("queued", "at the relay", "delivered", "failed", "received"), 1))
OURS, SHOWN, REPAIRED = 1, 2, 4
CONTACT = ("contact", "identity", "unanswered_identity", "verified", "blocked", "series")
FACTS = {
    1: ("reply", "ours", "id"),
    2: ("edit", "until_ms", "text"),
    3: ("reaction", "ours", "at_ms", "emoji"),
    4: ("deletion", "ours", "at_ms"),
    5: ("receipt", "delivered_ms", "read_ms"),
    6: ("timer", "deadline_ms"),
    7: ("media", "label", "size", "sha256", "objects"),
    8: ("failure", "reason"),
    9: ("raw", "content"),
}
Line = dict[str, Any]


def messages(content: bytes, own_name: str) -> dict[int, Line]:
    """Give the messages of a segment by their positions, each with what hangs on it."""
    frame = after_version(content)
    require(0 < zstandard.frame_content_size(frame) <= MAX_SEGMENT_BYTES, "its size is wrong")
    columns = strict(zstandard.ZstdDecompressor().decompress(frame, allow_extra_data=False))
    chat, count, positions, *bytewise, ids, series, counters = columns[:9]
    orders, sent, arrivals, texts, fact_positions, fact_kinds, bodies = columns[9:]
    ids = [ids[at : at + 16] for at in range(0, len(ids), 16)]
    numeric = map(numbers, (positions, series, counters, orders, sent, arrivals))
    rows = zip(texts, ids, *bytewise, *numeric, strict=True)
    found = {row[5]: message(chat, own_name, row) for row in rows}
    require(len(found) == count, "it has more or fewer messages than it says")
    for position, kind, body in zip(numbers(fact_positions), fact_kinds, bodies, strict=True):
        found[position]["facts"].append(fact(kind, body))
    return found


def message(chat: str, own_name: str, row: tuple[Any, ...]) -> Line:
    """Name what a row has in its columns."""
    text, message_id, kind, state, flags, position, series, counter, order, sent, arrival = row
    return {
        "type": "message",
        "chat": chat,
        "sender": own_name if flags & OURS else chat,
        "text": text,
        "sent_ms": sent,
        "arrival_ms": arrival,
        "order_ms": order,
        "kind": KINDS.get(kind, kind),
        "state": STATES.get(state, state),
        "flags": flags,
        "shown": bool(flags & SHOWN),
        "repaired": bool(flags & REPAIRED),
        "id": message_id,
        "position": position,
        "series": series,
        "counter": counter,
        "facts": [],
    }


def numbers(planes: bytes) -> list[int]:
    """Put u64s together, of which all first bytes stand in front, then all second ones, ..."""
    count = len(planes) // 8
    require(len(planes) == 8 * count, "a column is cut")
    return [int.from_bytes(planes[start::count]) for start in range(count)]


def fact(kind: int, body: bytes) -> Line:
    """Name the fields of what hangs on a message; what is not known here is kept as it is."""
    if kind not in FACTS:
        return {"fact": kind, "body": body}
    name, *fields = FACTS[kind]
    return {"fact": name, **dict(zip(fields, strict(body), strict=True))}


def state(content: bytes) -> tuple[str, list[Line]]:
    """Give our own name, and a line for each contact and setting."""
    own_name, contacts, settings = strict(after_version(content))
    known = [{"type": "contact", **dict(zip(CONTACT, each, strict=True))} for each in contacts]
    return own_name, known + [{"type": "setting", "key": key, "value": v} for key, v in settings]


def account(content: bytes) -> Line:
    """Give what the account key belongs to, and not the key: who has it can take the name."""
    generation, device, name, _key = split(">3xII4x32s32s48x", after_version(content))
    name = name.rstrip(b"\0").decode()
    return {"type": "account", "name": name, "device": device, "generation": generation}
