"""Where a line stands in its conversation: by counter within a sender, merged by arrival.

    order_ms = the arrival, or the order_ms of the sender's next counter if that is smaller

so a message that the relay got late still stands before what its sender wrote
after it. What comes after the notice of a changed key stands after it, whatever
its arrival is said to be: the relay says that, and could else put lines of the
new key above the notice. Within a sender's run of counters order_ms never falls, which lets a
new line look at its two neighbours only.

Spec: docs/client.md#order
"""

from typing import Final, NamedTuple

from client.store.transaction import Transaction

NOT_YET: Final = (1 << 63) - 1
"""The order_ms of what is not yet at the relay: it comes last."""


KEY_REPLACED: Final = b"replaced"
"""What marks the notice that a contact's key has changed, in the column ``raw``."""


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
    order_ms = _not_before_notice(tx, run.peer, arrival_ms)
    if run.counter:
        order_ms = min(order_ms, _order_of_next(tx, run))
    tx.execute("UPDATE history SET order_ms = ? WHERE row_id = ?", (order_ms, row_id))
    if run.counter:
        _move_up(tx, run, order_ms)


def behind_last(tx: Transaction, peer: str) -> int:
    """Give the first ``order_ms`` behind all lines of a conversation that have their place."""
    last: int | None = tx.value(
        "SELECT max(order_ms) FROM history WHERE peer = ? AND order_ms < ?", (peer, NOT_YET)
    )
    return 0 if last is None else min(last + 1, NOT_YET - 1)


def _not_before_notice(tx: Transaction, peer: str, arrival_ms: int) -> int:
    """Give ``arrival_ms``, or, if that is before the last key's notice, a place behind all lines.

    Behind all, not just behind the notice: what is dated like that keeps the order it came in.
    """
    notice_ms: int | None = tx.value(
        "SELECT max(order_ms) FROM history WHERE peer = ? AND kind = 'notice' AND raw = ?"
        " AND order_ms < ?",
        (peer, KEY_REPLACED, NOT_YET),
    )
    return arrival_ms if arrival_ms > (notice_ms or 0) else behind_last(tx, peer)


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
    the first that stands well. (A peer may give one counter to several messages:
    another one of that counter may still stand behind.)
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
