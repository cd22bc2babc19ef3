"""Reading mail, and deleting what is too old."""

import apsw

from protocol.ids import DeviceAddress
from protocol.packing import unpack_untrusted
from protocol.records import Sender
from server.store.sqlite.schema import sequence_of, slot
from server.store.values import Expired, MailPage, StoredMail

_MAX_SENDER_BYTES = 128


def count_waiting(connection: apsw.Connection, mailbox: DeviceAddress) -> int:
    """Count the waiting envelopes, off the account's row; 0 for an unknown device."""
    count: int | None = connection.execute(
        "SELECT waiting_count FROM account WHERE name = ? AND device = ?",
        (mailbox.name, mailbox.device),
    ).get
    return count or 0


def page(
    connection: apsw.Connection,
    mailbox: DeviceAddress,
    after: int,
    most_count: int,
    most_bytes: int,
) -> MailPage:
    """Give waiting mail behind ``after``, in order, within both limits."""
    ends = connection.execute(
        "SELECT number, max(acknowledged_up_to, ?), last_sequence FROM account"
        " WHERE name = ? AND device = ?",
        (after, mailbox.name, mailbox.device),
    ).fetchone()
    if ends is None:
        return MailPage((), is_end=True)
    number, after, last = ends
    rows = connection.execute(
        "SELECT slot, envelope_id, arrival_ms, vouched, envelope FROM mail"
        " WHERE slot > ? AND slot <= ? ORDER BY slot LIMIT ?",
        (slot(number, after), slot(number, last), most_count),
    )
    found = []
    for at, envelope_id, arrival_ms, vouched, envelope in rows:
        most_bytes -= len(envelope)
        if most_bytes < 0:
            break
        sender = None if vouched is None else unpack_untrusted(Sender, vouched, _MAX_SENDER_BYTES)
        found.append(StoredMail(sequence_of(at), envelope_id, arrival_ms, sender, envelope))
    rows.close()
    return MailPage(tuple(found), is_end=(found[-1].sequence if found else after) >= last)


def expire(
    connection: apsw.Connection, number: int, mail_before_ms: int, ids_before_ms: int
) -> Expired:
    """Delete one account's old mail and old ids; inside a transaction.

    Mail lies in order of arrival, acknowledged ids in order of acknowledgement:
    both are deleted from the front, up to the first that stays.
    """
    acknowledged, last = connection.execute(
        "SELECT acknowledged_up_to, last_sequence FROM account WHERE number = ?", (number,)
    ).get
    start, middle, end = slot(number, 0), slot(number, acknowledged), slot(number, last)
    _, _, forgotten = _delete_front(connection, "acknowledged_ms", start, middle, ids_before_ms)
    count, size, _ = _delete_front(connection, "arrival_ms", middle, end, mail_before_ms)
    if count:
        connection.execute(
            "UPDATE account SET waiting_count = waiting_count - ?,"
            " waiting_bytes = waiting_bytes - ? WHERE number = ?",
            (count, size, number),
        )
    return Expired(count, forgotten)


def _delete_front(
    connection: apsw.Connection, column: str, after: int, up_to: int, before_ms: int
) -> tuple[int, int, int]:
    """Delete rows up to the first whose time is later; give waiting count, bytes, and rows."""
    first_to_stay = connection.execute(
        f"SELECT slot FROM mail WHERE slot > ? AND slot <= ? AND {column} > ?"  # noqa: S608
        " ORDER BY slot LIMIT 1",
        (after, up_to, before_ms),
    ).get
    span = (after, up_to if first_to_stay is None else first_to_stay - 1)
    count, size, rows = connection.execute(
        "SELECT count(envelope), total(length(envelope)), count(*) FROM mail"
        " WHERE slot > ? AND slot <= ?",
        span,
    ).get
    if rows:
        connection.execute("DELETE FROM mail WHERE slot > ? AND slot <= ?", span)
    return count, int(size), rows
