"""Lines of a backup into the history, many at a time.

The opposite of :mod:`client.store.archive_lines`. One statement for a whole segment: columns are
translated inside SQLite, since a million tuples would cost more to rebuild than to store.

Spec: docs/formats.md#segment, docs/backup.md#reading
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import apsw

from client.store.archive_lines import ROW_KINDS
from client.store.ordering import NOT_YET
from client.store.transaction import Transaction
from client.values import EntryKind, MessageState
from protocol.archive.facts import PackedFact
from protocol.archive.rows import MessageRow, RowFlag, RowKind
from protocol.ids import Name

NOT_SENT: Final = (
    "It was waiting to be sent when the backup was made, on a device that is gone."
    " If it did not arrive, send it again."
)
"""Why a message fails that was queued: nobody knows whether the former device still sent it."""

_KIND: Final = " ".join(f"WHEN {row.value} THEN '{kind}'" for kind, row in ROW_KINDS.items())
_INSERT: Final = (
    "INSERT INTO history (row_id, peer, sender, series, counter, order_ms, message_id, kind,"  # noqa: S608 (numbers of ours)
    " state, sent_at_ms, arrival_ms, listened, repaired, failure, raw, text) VALUES (?1, ?12,"
    f" CASE WHEN ?4 & {RowFlag.OURS.value} THEN ?13 ELSE ?12 END, ?6, ?7,"
    f" CASE ?8 WHEN {NOT_YET} THEN ?9 ELSE ?8 END, ?5,"
    f" CASE ?2 {_KIND} ELSE '{EntryKind.UNSUPPORTED}' END,"
    f" CASE WHEN ?3 = {MessageState.QUEUED.value} THEN {MessageState.FAILED.value}"
    f" WHEN ?3 BETWEEN 1 AND {max(MessageState).value} THEN ?3"
    f" ELSE {MessageState.RECEIVED.value} END, ?9, nullif(?10, 0),"
    f" ?4 & {RowFlag.SHOWN.value} <> 0, ?4 & {RowFlag.REPAIRED.value} <> 0,"
    f" CASE ?3 WHEN {MessageState.QUEUED.value} THEN '{NOT_SENT}' ELSE ?14 END,"
    " ?15, ?11)"
)
_FIND: Final = "SELECT 1 FROM history WHERE message_id = ? AND peer = ? AND sender = ?"


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of one conversation, with rising positions, and what stands in their columns.

    Args:
        own: our name.
        failures: by position, why a message of ours failed.
        raws: by position, the whole content of what was not understood.
        facts: what hangs on them otherwise, files excepted; by position.
    """

    peer: Name
    own: Name
    rows: Sequence[MessageRow]
    failures: dict[int, str]
    raws: dict[int, bytes]
    facts: Sequence[PackedFact]


def add_at_positions(tx: Transaction, lines: Lines) -> dict[int, int]:
    """Add lines under the row ids that are their positions; what is there already stays.

    Returns:
        By position, the row of each line that was added.

    Raises:
        apsw.ConstraintError: a line stands in ``lines`` twice.
    """
    tx.execute("SAVEPOINT segment")
    try:
        _insert(tx, lines, lines.rows)
        added = lines.rows
    except apsw.ConstraintError:
        tx.execute("ROLLBACK TO segment")
        added = [row for row in lines.rows if not _is_there(tx, lines, row)]
        _insert(tx, lines, added)
    tx.execute("RELEASE segment")
    rows = {row.position: row.position for row in added}
    _hang_on(tx, lines, rows)
    return rows


def merge(tx: Transaction, lines: Lines) -> dict[int, int]:
    """Add the lines that are not there yet (sender and message id), under new row ids.

    Returns, Raises:
        As :func:`add_at_positions`.
    """
    new = [row for row in lines.rows if not _knows(tx, lines, row)]
    first = 1 + (tx.value("SELECT seq FROM sqlite_sequence WHERE name = 'history'") or 0)
    places = {row.position: place for place, row in enumerate(new, first)}
    _insert(tx, lines, new, places)
    _hang_on(tx, lines, places)
    return places


def _insert(
    tx: Transaction,
    lines: Lines,
    rows: Iterable[MessageRow],
    places: dict[int, int] | None = None,
) -> None:
    """Insert rows and index their texts; without ``places`` each at its position."""
    usual = (lines.peer, lines.own, "", None)
    odd = lines.failures.keys() | lines.raws.keys()

    def parameters(row: MessageRow) -> tuple[Any, ...]:
        at = row.position
        tail = (*usual[:2], lines.failures.get(at, ""), lines.raws.get(at)) if at in odd else usual
        return (*row, *tail) if places is None else (places[at], *row[1:], *tail)

    tx.execute_many(_INSERT, map(parameters, rows))
    tx.execute_many(
        "INSERT INTO history_words (rowid, text) VALUES (?, ?)",
        (
            (row.position if places is None else places[row.position], row.text)
            for row in rows
            if row.kind == RowKind.TEXT
        ),
    )


def _hang_on(tx: Transaction, lines: Lines, places: dict[int, int]) -> None:
    tx.execute_many(
        "INSERT INTO facts (peer, line, kind, body) VALUES (?, ?, ?, ?)",
        (
            (lines.peer, places[fact.position], fact.kind, fact.body)
            for fact in lines.facts
            if fact.position in places
        ),
    )


def _is_there(tx: Transaction, lines: Lines, row: MessageRow) -> bool:
    position = tx.value("SELECT 1 FROM history WHERE row_id = ?", (row.position,))
    return position is not None or _knows(tx, lines, row)


def _knows(tx: Transaction, lines: Lines, row: MessageRow) -> bool:
    sender = lines.own if row.flags & RowFlag.OURS else lines.peer
    return tx.value(_FIND, (row.message_id, lines.peer, sender)) is not None
