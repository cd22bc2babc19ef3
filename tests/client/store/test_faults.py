"""A disk that fills up or fails, at every single write: told, and nothing half-done."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import pytest

from client.errors import LocalError
from client.store import history, settings
from client.store.connection import DatabaseKey, create_database, open_database_file
from client.store.faults import told_in_sentences
from client.store.history import NewEntry
from client.store.transaction import Transaction, run_reading, run_transaction
from client.values import EntryKind, MessageState
from protocol.ids import MessageId, Name
from tests.support.vfs_shim import DiskEvent, ShimVFS

BOB, ALICE = Name("bob"), Name("alice")


@pytest.fixture
def disk() -> Iterator[ShimVFS]:
    with ShimVFS("faulty") as disk:
        yield disk


def write_a_lot(rng: random.Random) -> Callable[[Transaction], None]:
    def write(tx: Transaction) -> None:
        for counter in range(1, 200):
            history.add(
                tx,
                NewEntry(
                    BOB,
                    ALICE,
                    MessageId(rng.randbytes(16)),
                    EntryKind.TEXT,
                    "word " * 30,
                    MessageState.QUEUED,
                    0,
                    None,
                    counter=counter,
                ),
            )
        settings.set_relay_address(tx, "done")

    return write


@pytest.mark.parametrize(
    ("error", "sentence"), [(apsw.FullError, "disk is full"), (apsw.IOError, "disk failed")]
)
def test_p5_a_fault_at_any_write_is_told_and_leaves_the_old_state(
    disk: ShimVFS,
    path: Path,
    key: DatabaseKey,
    rng: random.Random,
    error: type[apsw.Error],
    sentence: str,
) -> None:
    connection = create_database(path, key, vfs=disk.name_with_ciphers)
    survived, at = False, 0
    sentences: set[str] = set()
    while not survived:
        countdown = [at]

        def fault(event: DiskEvent, countdown: list[int] = countdown) -> None:
            if event.kind in ("write", "sync"):
                countdown[0] -= 1
                if countdown[0] == -1:
                    raise error

        disk.fault = fault
        try:
            with told_in_sentences():
                run_transaction(connection, write_a_lot(rng))
            survived = True
        except LocalError as told:
            sentences.add(told.what)
        disk.fault = None
        done = run_reading(connection, settings.relay_address)
        lines = run_reading(connection, lambda tx: tx.value("SELECT count(*) FROM history"))
        assert (done, lines) == (("done", 199) if survived else (None, 0))
        at += 1
    connection.close()
    assert at > 10
    assert len(sentences) == 1
    assert sentence in sentences.pop()
    again = open_database_file(path, key)
    assert run_reading(again, settings.relay_address) == "done"
    again.close()


def test_errors_of_ours_pass_through(connection: apsw.Connection) -> None:
    with pytest.raises(apsw.SQLError), told_in_sentences():
        connection.execute("SELECT * FROM nowhere")
