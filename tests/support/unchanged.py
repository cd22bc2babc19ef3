"""What bad input may leave in a client's store: one visible line and a few marks, nothing else.

The dump is of every table. A gap adds one line to the history (or to the count
of one that is there), a row of ``gaps`` and two marks to ``seen``, gives up
sessions for sending, and notes the relay's time; a held envelope adds one row to
``held``: nothing else may differ.
"""

from dataclasses import dataclass
from typing import Self

from client.messaging.outcomes import Held, Outcome, Unreadable
from client.store import sessions
from client.store.transaction import Transaction
from client.values import EntryKind
from protocol.e2ee.session import Session
from tests.support.clients import Client

Rows = list[tuple[object, ...]]


@dataclass(frozen=True)
class Snapshot:
    """A store, row by row, and the ratchets in it."""

    tables: dict[str, Rows]
    ratchets: list[Session]

    @classmethod
    def of(cls, client: Client) -> Self:
        """Read ``client``'s store, inside its transaction if one is under way."""
        return cls(dict(client.dump()), sessions.all_sessions(Transaction(client.connection)))


def assert_only_marks(before: Snapshot, after: Snapshot, outcome: Outcome) -> None:
    """Refuse every difference but those that a refused message may leave."""
    assert after.ratchets == before.ratchets
    tables = before.tables
    changed = {
        name: len(rows) - len(tables[name])
        for name, rows in after.tables.items()
        if rows != tables[name] and not name.startswith("sqlite_")
    }
    if isinstance(outcome, Unreadable):
        assert changed.pop("history") in (0, 1)
        assert changed.pop("settings", 0) in (0, 1)  # a note that prekeys are gone
        assert changed.pop("sessions", 0) == 0
        assert changed == {"gaps": 1, "seen": 2}
        _assert_only_a_gap(tables["history"], after.tables["history"])
    else:
        assert changed == ({"held": 1} if isinstance(outcome, Held) else {})


def _assert_only_a_gap(before: Rows, after: Rows) -> None:
    """Only the line of a gap may be new, or say something else."""
    for rows, others in ((before, after), (after, before)):
        differing = [row for row in rows if row not in others]
        assert len(differing) <= 1
        assert all(EntryKind.UNREADABLE in row for row in differing)
