"""The order of lines, against the sentence of docs/client.md computed the long way."""

import random
from dataclasses import dataclass

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.errors import LocalError
from client.store import conversation, history, schema
from client.store.history import NewEntry
from client.store.ordering import NOT_YET
from client.store.transaction import Transaction, run_reading, run_transaction
from client.values import EntryKind, HistoryEntry, MessageState
from protocol.ids import MessageId, Name

OWN, PEER = Name("alice"), Name("bob")


@dataclass(frozen=True)
class Line:
    sender: Name
    counter: int
    arrival_ms: int | None

    def entry(self, number: int, series: int = 1) -> NewEntry:
        incoming = self.sender == PEER
        return NewEntry(
            peer=PEER,
            sender=self.sender,
            message_id=MessageId(number.to_bytes(16)),
            kind=EntryKind.TEXT,
            text=f"{self.sender} {self.counter}",
            state=MessageState.RECEIVED if incoming else MessageState.QUEUED,
            sent_at_ms=0,
            arrival_ms=self.arrival_ms,
            series=series,
            counter=self.counter,
        )


def expected_order(lines: list[Line]) -> list[tuple[str, int]]:
    """Sort as the page says, without any index or shortcut."""

    def order_ms(line: Line) -> int:
        if line.arrival_ms is None:
            return NOT_YET
        later = [
            other.arrival_ms
            for other in lines
            if other.sender == line.sender
            and other.counter > line.counter > 0
            and other.arrival_ms is not None
        ]
        return min([line.arrival_ms, *later])

    keyed = [(order_ms(line), line.sender, line.counter, n) for n, line in enumerate(lines)]
    return [(sender, counter) for _, sender, counter, _ in sorted(keyed)]


def shown(entries: list[HistoryEntry]) -> list[tuple[str, int]]:
    return [(OWN if each.outgoing else PEER, each.counter) for each in entries]


def plain_database() -> apsw.Connection:
    """Tables without a cipher, in memory: order has nothing to do with either."""
    connection = apsw.Connection(":memory:")
    run_transaction(connection, schema.create)
    return connection


def add_all(lines: list[Line]) -> apsw.Connection:
    connection = plain_database()

    def add(tx: Transaction) -> None:
        for number, line in enumerate(lines):
            history.add(tx, line.entry(number))

    run_transaction(connection, add)
    return connection


lines = st.lists(
    st.builds(
        Line,
        st.sampled_from([OWN, PEER]),
        st.integers(0, 12),
        st.one_of(st.none(), st.integers(1_000, 1_020)),
    ),
    max_size=25,
)


@given(lines)
def test_p2_any_lines_in_any_order_come_out_as_the_page_says(lines: list[Line]) -> None:
    connection = add_all(lines)
    entries = run_reading(connection, lambda tx: conversation.page(tx, PEER, 100))
    assert shown(entries) == expected_order(lines)


@given(lines, st.integers(1, 4))
def test_pages_join_without_gap_or_repetition(lines: list[Line], size: int) -> None:
    connection = add_all(lines)
    whole = run_reading(connection, lambda tx: conversation.page(tx, PEER, 100))
    joined: list[HistoryEntry] = []
    before: int | None = None
    while True:
        at = before
        page = run_reading(connection, lambda tx: conversation.page(tx, PEER, size, at))  # noqa: B023
        if not page:
            break
        joined = page + joined
        before = page[0].row_id
    assert joined == whole


@given(lines)
def test_a_gap_is_shown_where_counters_jump(lines: list[Line]) -> None:
    connection = add_all(lines)
    for entry in run_reading(connection, lambda tx: conversation.page(tx, PEER, 100)):
        sender = OWN if entry.outgoing else PEER
        smaller = {each.counter for each in lines if each.sender == sender} & set(
            range(entry.counter)
        )
        expected = entry.counter - 1 - max(smaller, default=0) if entry.counter else 0
        assert entry.missing_before == expected


@given(st.permutations(range(1, 9)), st.randoms(use_true_random=False))
def test_p2_a_message_that_arrives_at_the_relay_later_takes_its_place(
    accepted: list[int], rng: random.Random
) -> None:
    """Ours are queued in one order, and accepted in another."""
    queued = [Line(OWN, counter, None) for counter in range(1, 9)]
    connection = add_all(queued)
    final = {counter: Line(OWN, counter, None) for counter in range(1, 9)}
    for clock_ms, counter in enumerate(accepted, start=rng.randrange(1_000)):
        message_id = MessageId((counter - 1).to_bytes(16))

        def accept(
            tx: Transaction, message_id: MessageId = message_id, clock_ms: int = clock_ms
        ) -> None:
            history.mark_at_relay(tx, OWN, message_id, clock_ms)

        run_transaction(connection, accept)
        final[counter] = Line(OWN, counter, clock_ms)
        entries = run_reading(connection, lambda tx: conversation.page(tx, PEER, 100))
        assert shown(entries) == expected_order(list(final.values()))


def test_a_new_device_of_the_peer_counts_anew_behind_the_old(
    connection: apsw.Connection,
) -> None:
    def add(tx: Transaction) -> None:
        for number, counter in enumerate((1, 2, 3)):
            history.add(tx, Line(PEER, counter, 1_000 + number).entry(number))
        history.add(tx, Line(PEER, 1, 2_000).entry(9, series=2))
        history.add(tx, Line(PEER, 4, 2_001).entry(10, series=2))

    run_transaction(connection, add)
    entries = run_reading(connection, lambda tx: conversation.page(tx, PEER, 100))
    assert [each.counter for each in entries] == [1, 2, 3, 1, 4]
    assert [each.missing_before for each in entries] == [0, 0, 0, 0, 2]


def test_a_message_stands_there_once(connection: apsw.Connection) -> None:
    def add(tx: Transaction) -> tuple[int | None, int | None]:
        line = Line(PEER, 1, 1_000)
        return history.add(tx, line.entry(1)), history.add(tx, line.entry(1))

    first, second = run_transaction(connection, add)
    assert first is not None
    assert second is None


def test_a_page_before_a_line_that_is_not_there(connection: apsw.Connection) -> None:
    with pytest.raises(LocalError, match="no line 99"):
        run_reading(connection, lambda tx: conversation.page(tx, PEER, 10, 99))


def test_numbers_of_the_far_side_fit_whatever_they_are(connection: apsw.Connection) -> None:
    most = (1 << 64) - 1
    line = Line(PEER, most, most)
    assert run_transaction(connection, lambda tx: history.add(tx, line.entry(1))) is not None
    (entry,) = run_reading(connection, lambda tx: conversation.page(tx, PEER, 10))
    assert entry.counter == entry.arrival_ms == (1 << 63) - 2
