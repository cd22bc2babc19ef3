"""Which lines are noted as changed, and when that is forgotten."""

import random

import apsw
import pytest

from client.store import archive, archive_changes, facts, history, search
from client.store.archive import Archive
from client.store.archive_changes import Pending
from client.store.transaction import Transaction, run_transaction
from protocol.archive.facts import Deletion, Reaction
from protocol.archive.keys import ArchiveRoot
from protocol.ids import Name
from tests.support.histories import Shape, write_history

PEER = Name("peer000")


@pytest.fixture
def tx(connection: apsw.Connection, rng: random.Random) -> Transaction:
    """Ten lines of one conversation, and an archive that has them."""

    def fill(tx: Transaction) -> Transaction:
        write_history(tx, Shape(10, peers=1))
        root = ArchiveRoot.generate(rng.randbytes)
        archive.create(tx, Archive(rng.randbytes(16), root, "memory", None, b"keyring"))
        archive_changes.written(tx, Pending(PEER, 0, 10), 0, 10, 0)
        return tx

    return run_transaction(connection, fill)


def noted(tx: Transaction) -> dict[int, bool]:
    return {line: bool(purge) for line, purge in tx.all("SELECT line, purge FROM archive_changes")}


def touch(tx: Transaction, line: int) -> None:
    tx.execute("UPDATE history SET state = 4 WHERE row_id = ?", (line,))


def test_nothing_is_noted_without_an_archive(tx: Transaction) -> None:
    archive.forget(tx)
    touch(tx, 1)
    history.remove(tx, 2)
    assert noted(tx) == {}


def test_changes_removals_and_facts_are_noted(tx: Transaction) -> None:
    touch(tx, 1)
    history.remove(tx, 2)
    facts.add(tx, 3, Reaction(True, 1, "🦉"))
    facts.add(tx, 4, Deletion(True, 1))
    assert noted(tx) == {1: False, 2: True, 3: False, 4: True}
    assert archive_changes.to_purge(tx, 99) == {PEER: frozenset({2, 4})}


def test_a_removed_line_stays_removed_whatever_hung_on_it(tx: Transaction) -> None:
    facts.add(tx, 2, Reaction(True, 1, "🦉"))
    history.remove(tx, 2)
    assert noted(tx) == {2: True}


def test_a_deletion_is_not_forgotten_by_a_later_change(tx: Transaction) -> None:
    facts.add(tx, 2, Deletion(True, 1))
    touch(tx, 2)
    assert noted(tx) == {2: True}


def test_new_lines_need_no_note(tx: Transaction) -> None:
    write_history(tx, Shape(5, peers=2))
    assert noted(tx) == {}
    assert {each.peer for each in archive_changes.pending(tx, 0)} == {PEER, Name("peer001")}
    assert archive_changes.count(tx, 0) == 5


def test_what_changed_again_is_not_forgotten(tx: Transaction) -> None:
    touch(tx, 1)
    touch(tx, 2)
    number = archive_changes.newest_number(tx)
    touch(tx, 1)
    archive_changes.written(tx, Pending(PEER, 10, 10), 0, 10, number)
    assert noted(tx) == {1: False}


def test_numbers_are_never_used_twice(tx: Transaction) -> None:
    touch(tx, 1)
    number = archive_changes.newest_number(tx)
    archive_changes.written(tx, Pending(PEER, 10, 10), 0, 10, number)
    touch(tx, 1)
    assert archive_changes.newest_number(tx) > number


def test_positions_are_never_used_twice(tx: Transaction) -> None:
    history.remove(tx, 10)
    write_history(tx, Shape(1, peers=1))
    assert tx.value("SELECT max(row_id) FROM history") == 11


def test_search_finds_no_removed_line(tx: Transaction) -> None:
    word = tx.value("SELECT text FROM history WHERE row_id = 3").split()[0]
    assert 3 in search.find(tx, word, 99)
    history.remove(tx, 3)
    assert 3 not in search.find(tx, word, 99)
