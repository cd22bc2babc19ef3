"""All rows, in the order of the table. A new group of rows is one more module here."""

from scripts.benchmarks import handshake, ratchet, sealing
from scripts.benchmarks.figures import Row


def all_rows() -> tuple[Row, ...]:
    """Give every row."""
    return (*ratchet.rows(), *handshake.rows(), *sealing.rows())


def select(wanted: list[str]) -> tuple[Row, ...]:
    """Give the rows whose name begins with one of ``wanted``; all, if it is empty.

    Raises:
        LookupError: nothing begins so; its message is that word.
    """
    rows = all_rows()
    for word in wanted:
        if not any(row.name.startswith(word) for row in rows):
            raise LookupError(word)
    return tuple(row for row in rows if not wanted or row.name.startswith(tuple(wanted)))
