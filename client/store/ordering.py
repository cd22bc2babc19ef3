"""Where a line stands in its conversation: by counter within a sender, merged by arrival.

    order_ms = the arrival, or the order_ms of the sender's next counter if that is smaller

so a message that the relay got late still stands before what its sender wrote
after it. Within a sender's run of counters order_ms never falls, which lets a
new line look at its two neighbours only.

Spec: docs/client.md#order
"""

from typing import Final, NamedTuple

from client.store.transaction import Transaction

NOT_YET: Final = (1 << 63) - 1
"""The order_ms of what is not yet at the relay: it comes last."""


class Place(NamedTuple):
    """What lines of one conversation are sorted by."""

    order_ms: int
    sender: str
    series: int
    counter: int
    row_id: int


def place_of(tx: Transaction, row_id: int) -> Place | None:
    """Give where a line stands, or None if there is no such line."""
    row = tx.one(
        "SELECT order_ms, sender, series, counter, row_id FROM history WHERE row_id = ?", (row_id,)
    )
    return None if row is None else Place(*row)


def settle(tx: Transaction, row_id: int, arrival_ms: int) -> None:
    """Give a line its place, now that its arrival is known; earlier counters may move up."""
    run = _Run(
        *tx.all("SELECT peer, sender, series, counter FROM history WHERE row_id = ?", (row_id,))[0]
    )
    order_ms = min(arrival_ms, _order_of_next(tx, run)) if run.counter else arrival_ms
    tx.execute("UPDATE history SET order_ms = ? WHERE row_id = ?", (order_ms, row_id))
    if run.counter:
        _move_up(tx, run, order_ms)


class _Run(NamedTuple):
    """A line's sender, and where it stands in the run of its counters."""

    peer: str
    sender: str
    series: int
    counter: int


def _order_of_next(tx: Transaction, run: _Run) -> int:
    found = tx.value(
        "SELECT order_ms FROM history INDEXED BY history_counters"
        " WHERE peer = ? AND sender = ? AND series = ? AND counter > ? AND order_ms < ?"
        " ORDER BY counter, order_ms LIMIT 1",
        (*run, NOT_YET),
    )
    return NOT_YET if found is None else int(found)


def _move_up(tx: Transaction, run: _Run, order_ms: int) -> None:
    """Pull every earlier counter that stands behind ``order_ms`` up to it.

    They are the last ones before ``run.counter``: the search downwards stops at
    the first that stands well (beside which another one of that number may not).
    """
    well = tx.value(
        "SELECT counter FROM history INDEXED BY history_counters"
        " WHERE peer = ? AND sender = ? AND series = ? AND counter < ? AND counter > 0"
        " AND order_ms <= ? ORDER BY counter DESC LIMIT 1",
        (*run, order_ms),
    )
    tx.execute(
        "UPDATE history INDEXED BY history_counters SET order_ms = ?"
        " WHERE peer = ? AND sender = ? AND series = ? AND counter < ? AND counter >= ?"
        " AND order_ms > ? AND order_ms < ?",
        (order_ms, *run, well or 1, order_ms, NOT_YET),
    )
