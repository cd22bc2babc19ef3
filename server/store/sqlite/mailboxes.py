"""Mailboxes in SQLite: many submissions and acknowledgements in one transaction.

A batch costs a few statements for each mailbox it touches and one for every
ROWS_AT_ONCE envelopes: each statement costs a passing of the interpreter lock
to and fro, which is dearer than the row itself.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import apsw

from protocol.ids import DeviceAddress, EnvelopeId
from protocol.limits import MAX_MAILBOX_BYTES, MAX_MAILBOX_COUNT
from protocol.packing import pack
from server.store.derived import digest_of
from server.store.sqlite.schema import slot
from server.store.values import Acknowledgement, NotStored, Outcome, Stored, Submission

# Few sizes, so that SQLite compiles few statements and apsw finds them in its cache.
ROWS_AT_ONCE: Final = (64, 8, 1)

Row = tuple[Any, ...]


@dataclass(slots=True)
class _Mailbox:
    """The numbers of one mailbox while a batch changes them."""

    account: int
    last_sequence: int
    acknowledged_up_to: int
    waiting_count: int
    waiting_bytes: int

    def has_room_for(self, size: int) -> bool:
        return (
            self.waiting_count < MAX_MAILBOX_COUNT
            and self.waiting_bytes + size <= MAX_MAILBOX_BYTES
        )


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
    addresses = [each.mailbox for each in acknowledgements]
    addresses += [each.recipient for each in submissions]
    boxes = _load(connection, addresses)
    for each in acknowledgements:
        if each.mailbox in boxes:
            _acknowledge(connection, boxes[each.mailbox], each.up_to, now_ms)
    outcomes = _store(connection, submissions, boxes, now_ms)
    _save(connection, boxes.values())
    return outcomes


def _load(
    connection: apsw.Connection, addresses: Iterable[DeviceAddress]
) -> dict[DeviceAddress, _Mailbox]:
    boxes = {}
    for address in dict.fromkeys(addresses):
        row = connection.execute(
            "SELECT number, last_sequence, acknowledged_up_to, waiting_count, waiting_bytes"
            " FROM account WHERE name = ? AND device = ?",
            (address.name, address.device),
        ).fetchone()
        if row is not None:
            boxes[address] = _Mailbox(*row)
    return boxes


def _save(connection: apsw.Connection, boxes: Iterable[_Mailbox]) -> None:
    for box in boxes:
        connection.execute(
            "UPDATE account SET last_sequence = ?, acknowledged_up_to = ?,"
            " waiting_count = ?, waiting_bytes = ? WHERE number = ?",
            (
                box.last_sequence,
                box.acknowledged_up_to,
                box.waiting_count,
                box.waiting_bytes,
                box.account,
            ),
        )


def _acknowledge(connection: apsw.Connection, box: _Mailbox, up_to: int, now_ms: int) -> None:
    up_to = min(up_to, box.last_sequence)
    if up_to <= box.acknowledged_up_to:
        return
    span = (slot(box.account, box.acknowledged_up_to), slot(box.account, up_to))
    count, size = connection.execute(
        "SELECT count(*), total(length(envelope)) FROM mail WHERE slot > ? AND slot <= ?", span
    ).get
    connection.execute(
        "UPDATE mail SET envelope = NULL, vouched = NULL, acknowledged_ms = ?"
        " WHERE slot > ? AND slot <= ?",
        (now_ms, *span),
    )
    box.acknowledged_up_to = up_to
    box.waiting_count -= count
    box.waiting_bytes -= int(size)


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
    if box is None:
        return NotStored.UNKNOWN_ACCOUNT
    digest = digest_of(submission.envelope)
    key = (box.account, submission.envelope_id)
    if (before := known.get(key)) is not None:
        if before.digest != digest:
            return NotStored.CONFLICT
        return Stored(before.arrival_ms, is_new=False)
    size = len(submission.envelope)
    if not box.has_room_for(size):
        return NotStored.MAILBOX_FULL
    box.last_sequence += 1
    box.waiting_count += 1
    box.waiting_bytes += size
    known[key] = _Known(digest, now_ms)
    vouched = None if submission.vouched is None else pack(submission.vouched)
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
    return Stored(now_ms, is_new=True)


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


def _portions(rows: list[Any]) -> Iterator[list[Any]]:
    start = 0
    for size in ROWS_AT_ONCE:
        while len(rows) - start >= size:
            yield rows[start : start + size]
            start += size


def _marks(columns: int, rows: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return ", ".join([row] * rows)
