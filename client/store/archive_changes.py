"""Which lines the archive does not have as they are now.

New lines are those of a conversation beyond its ``through``. Of lines before it the triggers
note every change under a rising number, as soon as there is an archive. A backup takes what has
at most the number that it began with, and forgets exactly that: a line that changes while it is
read is noted again, under a higher one.

``purge`` marks what older versions must not survive: the line was removed or deleted, or got
a timer. Whatever segments hold it are written anew without it.

Spec: docs/formats.md#archive_changes
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from client.store.transaction import Transaction
from protocol.archive.facts import FactKind
from protocol.ids import Name

_ENDS: Final = f"({FactKind.DELETION.value}, {FactKind.TIMER.value})"


def _trigger(name: str, event: str, note: str) -> str:
    return (
        f"CREATE TRIGGER {name} AFTER {event} WHEN EXISTS (SELECT 1 FROM archive) BEGIN"  # noqa: S608
        f" INSERT OR REPLACE INTO archive_changes (line, peer, purge) {note}; END"
    )


def _of_line(row: str, purge: str) -> str:
    """Note the line that a row of another table hangs on, if that line is still there."""
    return (
        f"SELECT row_id, peer, {purge} OR coalesce((SELECT purge FROM archive_changes"  # noqa: S608
        f" WHERE line = row_id), 0) FROM history WHERE row_id = {row}.line"
    )


TABLE: Final = (
    """
    CREATE TABLE archive_changes (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        line INTEGER NOT NULL UNIQUE,
        peer TEXT NOT NULL,
        purge INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE INDEX archive_changes_peers ON archive_changes (peer, line)",
    """
    CREATE TABLE archive_progress (
        peer TEXT PRIMARY KEY,
        through INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    _trigger(
        "archive_line_changed",
        "UPDATE ON history",
        "VALUES (NEW.row_id, NEW.peer,"
        " coalesce((SELECT purge FROM archive_changes WHERE line = NEW.row_id), 0))",
    ),
    _trigger("archive_line_removed", "DELETE ON history", "VALUES (OLD.row_id, OLD.peer, 1)"),
    _trigger("archive_fact_added", "INSERT ON facts", _of_line("NEW", f"NEW.kind IN {_ENDS}")),
    _trigger("archive_fact_changed", "UPDATE ON facts", _of_line("NEW", f"NEW.kind IN {_ENDS}")),
    _trigger("archive_fact_removed", "DELETE ON facts", _of_line("OLD", "0")),
    _trigger("archive_medium_added", "INSERT ON media", _of_line("NEW", "0")),
    _trigger("archive_medium_changed", "UPDATE ON media", _of_line("NEW", "0")),
    _trigger("archive_medium_removed", "DELETE ON media", _of_line("OLD", "0")),
)


@dataclass(frozen=True, slots=True)
class Pending:
    """A conversation that the archive does not have as it is now.

    Args:
        through: its lines up to this one are there, but for noted changes.
        until: its last line.
    """

    peer: Name
    through: int
    until: int


def newest_number(tx: Transaction) -> int:
    """Give the number of the newest change, 0 before the first."""
    number: int = tx.value("SELECT coalesce(max(number), 0) FROM archive_changes")
    return number


def pending(tx: Transaction, number: int) -> list[Pending]:
    """Give the conversations with lines to be written, changes up to ``number`` among them."""
    # One step of the index for each peer: a scan would read a million entries for a dozen names.
    rows = tx.all(
        "WITH RECURSIVE peers (peer) AS (SELECT min(peer) FROM history UNION ALL"
        " SELECT (SELECT min(peer) FROM history WHERE peer > peers.peer)"
        " FROM peers WHERE peer IS NOT NULL)"
        " SELECT peer, coalesce(through, 0),"
        " (SELECT max(row_id) FROM history WHERE history.peer = peers.peer) AS until"
        " FROM peers LEFT JOIN archive_progress USING (peer) WHERE peer IS NOT NULL"
        " AND (until > coalesce(through, 0) OR EXISTS (SELECT 1 FROM archive_changes"
        " WHERE archive_changes.peer = peers.peer AND number <= ?))"
        " ORDER BY peer",
        (number,),
    )
    return [Pending(Name(peer), through, max(through, until)) for peer, through, until in rows]


def count(tx: Transaction, number: int) -> int:
    """Count the lines to be written."""
    new: int = tx.value("SELECT count(*) FROM archive_changes WHERE number <= ?", (number,))
    for each in pending(tx, number):
        new += tx.value(
            "SELECT count(*) FROM history WHERE peer = ? AND row_id > ?", (each.peer, each.through)
        )
    return new


def written(tx: Transaction, conversation: Pending, after: int, last: int, number: int) -> None:
    """Note that the archive has the lines after ``after`` up to ``last`` as of ``number``."""
    tx.execute(
        "DELETE FROM archive_changes WHERE peer = ? AND line > ? AND line <= ? AND number <= ?",
        (conversation.peer, after, last, number),
    )
    tx.execute(
        "INSERT INTO archive_progress VALUES (?1, ?2) ON CONFLICT (peer)"
        " DO UPDATE SET through = max(through, ?2)",
        (conversation.peer, last),
    )


def to_purge(tx: Transaction, number: int) -> dict[Name, frozenset[int]]:
    """Give by conversation the lines whose older versions must not survive."""
    rows = tx.all(
        "SELECT archive_changes.peer, line FROM archive_changes"
        " JOIN archive_progress USING (peer) WHERE purge AND number <= ? AND line <= through",
        (number,),
    )
    lines: dict[Name, set[int]] = defaultdict(set)
    for peer, line in rows:
        lines[Name(peer)].add(line)
    return {peer: frozenset(each) for peer, each in lines.items()}


def purged(tx: Transaction, number: int) -> None:
    """Note that they do not: what is left of them is a change like others, or nothing."""
    tx.execute(
        "DELETE FROM archive_changes WHERE purge AND number <= ?"
        " AND line NOT IN (SELECT row_id FROM history)",
        (number,),
    )
    tx.execute("UPDATE archive_changes SET purge = 0 WHERE number <= ?", (number,))


def write_again(tx: Transaction, peer: str, first: int, last: int) -> None:
    """Note the lines from ``first`` to ``last`` as changed: the storage has lost them."""
    tx.execute(
        "INSERT OR REPLACE INTO archive_changes (line, peer, purge)"
        " SELECT row_id, peer, coalesce((SELECT purge FROM archive_changes WHERE line = row_id), 0)"
        " FROM history WHERE peer = ? AND row_id BETWEEN ? AND ?",
        (peer, first, last),
    )


def not_news(tx: Transaction, number: int) -> None:
    """Forget the changes beyond ``number``: this transaction made them from the archive itself."""
    tx.execute("DELETE FROM archive_changes WHERE number > ?", (number,))


def note(tx: Transaction, peer: Name, lines: Iterable[int]) -> None:
    """Note lines that were restored otherwise than the archive has them."""
    tx.execute_many(
        "INSERT OR REPLACE INTO archive_changes (line, peer, purge) VALUES (?, ?, 0)",
        ((line, peer) for line in lines),
    )


def through(tx: Transaction, peer: str, last: int) -> None:
    """Note that the archive has the lines of a conversation up to ``last``."""
    tx.execute("INSERT INTO archive_progress VALUES (?, ?)", (peer, last))
