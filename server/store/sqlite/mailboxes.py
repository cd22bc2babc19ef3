"""Mailboxes in SQLite: many submissions and acknowledgements in one transaction.

A batch costs a few statements for each mailbox it touches and one for every
ROWS_AT_ONCE envelopes: each statement costs a passing of the interpreter lock
to and fro, which is dearer than the row itself.
"""

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from functools import lru_cache
from typing import Any, Final, TypeVar

import apsw

from protocol.ids import DeviceAddress, EnvelopeId
from protocol.packing import pack
from protocol.records import Sender
from server.store.derived import digest_of, mailbox_takes, may_be_stored
from server.store.sqlite.schema import slot
from server.store.values import Acknowledgement, NotStored, Outcome, Stored, Submission

# Few sizes, so that SQLite compiles few statements and apsw finds them in its cache.
ROWS_AT_ONCE: Final = (64, 8, 1)

Row = tuple[Any, ...]
Span = tuple[int, int, int]
"""An account and the slots in its mailbox: after the first, up to the second."""
T = TypeVar("T")


@dataclass(slots=True)
class _Mailbox:
    """The numbers of one mailbox while a batch changes them."""

    account: int
    last_sequence: int
    acknowledged_up_to: int
    waiting_count: int
    waiting_bytes: int
    token_hash: bytes | None


@dataclass(frozen=True, slots=True)
class _Known:
    digest: bytes
    arrival_ms: int


def settle(
    connection: apsw.Connection,
    submissions: Sequence[Submission],
    acknowledgements: Sequence[Acknowledgement],
    now_ms: int,
) -> list[Outcome]:
    """Delete what was acknowledged, then store what was submitted; inside a transaction."""
    read_up_to = _furthest(acknowledgements)
    addresses = {**read_up_to, **dict.fromkeys(each.recipient for each in submissions)}
    boxes = _load(connection, list(addresses))
    spans = [
        _advance(boxes[address], up_to) for address, up_to in read_up_to.items() if address in boxes
    ]
    _delete(connection, spans, {box.account: box for box in boxes.values()}, now_ms)
    outcomes = _store(connection, submissions, boxes, now_ms)
    _save(connection, list(boxes.values()))
    return outcomes


def _furthest(acknowledgements: Sequence[Acknowledgement]) -> dict[DeviceAddress, int]:
    """Acknowledgements are cumulative: of several for a mailbox the furthest counts."""
    furthest: dict[DeviceAddress, int] = {}
    for each in acknowledgements:
        furthest[each.mailbox] = max(each.up_to, furthest.get(each.mailbox, 0))
    return furthest


def _load(
    connection: apsw.Connection, addresses: list[DeviceAddress]
) -> dict[DeviceAddress, _Mailbox]:
    boxes = {}
    for some in _portions(addresses):
        rows = connection.execute(
            "SELECT name, device, number, last_sequence, acknowledged_up_to,"  # noqa: S608
            " waiting_count, waiting_bytes, token_hash FROM account"
            f" WHERE name IN ({', '.join('?' * len(some))})",
            [address.name for address in some],
        )
        for name, device, *numbers in rows:
            boxes[DeviceAddress(name, device)] = _Mailbox(*numbers)
    return boxes


def _save(connection: apsw.Connection, boxes: list[_Mailbox]) -> None:
    for some in _portions(boxes):
        connection.execute(
            "UPDATE account SET last_sequence = new.column2,"  # noqa: S608
            " acknowledged_up_to = new.column3, waiting_count = new.column4,"
            " waiting_bytes = new.column5"
            f" FROM (VALUES {_marks(5, len(some))}) AS new WHERE number = new.column1",
            [value for box in some for value in astuple(box)[:5]],  # the token is not changed here
        )


def _advance(box: _Mailbox, up_to: int) -> Span:
    """Move the mark of what was acknowledged; give the slots between old and new mark."""
    before = box.acknowledged_up_to
    box.acknowledged_up_to = max(before, min(up_to, box.last_sequence))
    return (box.account, slot(box.account, before), slot(box.account, box.acknowledged_up_to))


def _delete(
    connection: apsw.Connection, spans: list[Span], boxes: dict[int, _Mailbox], now_ms: int
) -> None:
    """Delete the envelopes in ``spans``; their ids stay."""
    for some in _portions(spans):
        values = [value for span in some for value in span]
        joined = f"(VALUES {_marks(3, len(some))}) AS span"
        within = "slot > span.column2 AND slot <= span.column3"
        freed = connection.execute(
            "SELECT span.column1, count(*), total(length(envelope))"  # noqa: S608
            f" FROM {joined} CROSS JOIN mail WHERE {within} GROUP BY 1",
            values,
        )
        for account, count, size in freed:
            boxes[account].waiting_count -= count
            boxes[account].waiting_bytes -= int(size)
        connection.execute(
            "UPDATE mail SET envelope = NULL, vouched = NULL, acknowledged_ms = ?"  # noqa: S608
            f" FROM {joined} WHERE {within}",
            [now_ms, *values],
        )


def _store(
    connection: apsw.Connection,
    submissions: Sequence[Submission],
    boxes: dict[DeviceAddress, _Mailbox],
    now_ms: int,
) -> list[Outcome]:
    known = _find_known(
        connection,
        [
            (boxes[each.recipient].account, each.envelope_id)
            for each in submissions
            if each.recipient in boxes
        ],
    )
    rows: list[Row] = []
    outcomes = [
        _outcome(each, boxes.get(each.recipient), known, rows, now_ms) for each in submissions
    ]
    _insert(connection, rows)
    return outcomes


def _outcome(
    submission: Submission,
    box: _Mailbox | None,
    known: dict[tuple[int, EnvelopeId], _Known],
    rows: list[Row],
    now_ms: int,
) -> Outcome:
    """Decide about one submission; what is new goes into ``rows`` and ``known``."""
    if not may_be_stored(None if box is None else box.token_hash, submission):
        return NotStored.BAD_TOKEN
    if box is None:
        return NotStored.UNKNOWN_ACCOUNT
    digest = digest_of(submission.envelope)
    key = (box.account, submission.envelope_id)
    if (before := known.get(key)) is not None:
        if before.digest != digest:
            return NotStored.CONFLICT
        return Stored(before.arrival_ms, sequence=None)
    size = len(submission.envelope)
    if not mailbox_takes(submission, box.waiting_count, box.waiting_bytes):
        return NotStored.MAILBOX_FULL
    box.last_sequence += 1
    box.waiting_count += 1
    box.waiting_bytes += size
    known[key] = _Known(digest, now_ms)
    vouched = None if submission.vouched is None else _packed(submission.vouched)
    rows.append(
        (
            slot(box.account, box.last_sequence),
            box.account,
            submission.envelope_id,
            digest,
            now_ms,
            vouched,
            submission.envelope,
        )
    )
    return Stored(now_ms, box.last_sequence)


@lru_cache(maxsize=1_024)
def _packed(sender: Sender) -> bytes:
    """Pack a sender; few people send most of a batch."""
    return pack(sender)


def _find_known(
    connection: apsw.Connection, keys: list[tuple[int, EnvelopeId]]
) -> dict[tuple[int, EnvelopeId], _Known]:
    found = {}
    for some in _portions(keys):
        rows = connection.execute(
            "SELECT account, envelope_id, digest, arrival_ms FROM mail"  # noqa: S608
            f" WHERE (account, envelope_id) IN (VALUES {_marks(2, len(some))})",
            [value for key in some for value in key],
        )
        for account, envelope_id, digest, arrival_ms in rows:
            found[account, envelope_id] = _Known(digest, arrival_ms)
    return found


def _insert(connection: apsw.Connection, rows: list[Row]) -> None:
    for some in _portions(rows):
        connection.execute(
            "INSERT INTO mail"  # noqa: S608
            " (slot, account, envelope_id, digest, arrival_ms, vouched, envelope)"
            f" VALUES {_marks(7, len(some))}",
            [value for row in some for value in row],
        )


def _portions(rows: list[T]) -> Iterator[list[T]]:
    start = 0
    for size in ROWS_AT_ONCE:
        while len(rows) - start >= size:
            yield rows[start : start + size]
            start += size


def _marks(columns: int, rows: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return ", ".join([row] * rows)
