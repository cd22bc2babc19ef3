"""Files of lines: shared by content within a conversation, gone with the last line."""

import random

import apsw
import pytest

from client.store import history, media
from client.store.media import MediaObject, Medium
from client.store.transaction import Transaction, run_transaction
from protocol.archive.keys import ObjectKey
from protocol.ids import Name
from tests.support.histories import Shape, write_history


@pytest.fixture
def tx(connection: apsw.Connection) -> Transaction:
    def fill(tx: Transaction) -> Transaction:
        write_history(tx, Shape(6, peers=1))
        tx.execute("UPDATE history SET peer = 'carol' WHERE row_id > 4")
        return tx

    return run_transaction(connection, fill)


def medium(rng: random.Random, content: bytes = b"h" * 32) -> Medium:
    part = MediaObject(rng.randbytes(16).hex(), ObjectKey.generate(rng.randbytes), content, 5)
    return Medium("photo.jpg", 5, content, (part,))


def test_the_same_content_is_kept_once_in_a_conversation(
    tx: Transaction, rng: random.Random
) -> None:
    first = medium(rng)
    media.attach(tx, 1, first)
    media.attach(tx, 2, medium(rng))
    media.attach(tx, 5, medium(rng))
    assert media.of_line(tx, 1) == media.of_line(tx, 2) == [first]
    assert media.of_line(tx, 5)[0].parts[0].file != first.parts[0].file
    assert len(media.files(tx)) == 2
    assert media.object_of(tx, Name("peer000"), b"h" * 32) == first.parts[0]


def test_a_file_goes_with_its_last_line(tx: Transaction, rng: random.Random) -> None:
    media.attach(tx, 1, medium(rng))
    media.attach(tx, 2, medium(rng))
    history.remove(tx, 1)
    assert len(media.files(tx)) == 1
    history.remove(tx, 2)
    assert not media.files(tx)
    assert media.object_of(tx, Name("peer000"), b"h" * 32) is None
