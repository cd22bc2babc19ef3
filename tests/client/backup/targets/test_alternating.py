"""Which of two blobs counts, and which is written next."""

import pytest

from client.backup.targets.alternating import (
    MAX_STORED_BYTES,
    Generation,
    Write,
    newest,
    next_write,
    read_both,
)
from protocol.encoding import u64


def test_writes_alternate_and_numbers_rise() -> None:
    stored: list[bytes | None] = [None, None]
    turns = []
    for number in range(1, 6):
        write = next_write(read_both(stored), bytes([number]))
        assert write is not None
        assert write.stored == u64(number) + bytes([number])
        stored[write.turn] = write.stored
        turns.append(write.turn)
        assert newest(read_both(stored)) == Generation(write.turn, number, bytes([number]))
    assert turns == [0, 1, 0, 1, 0]


def test_what_counts_already_is_not_written() -> None:
    assert next_write([Generation(1, 7, b"x")], b"x") is None
    assert next_write([Generation(1, 7, b"x")], b"y") == Write(0, u64(8) + b"y")


@pytest.mark.parametrize(
    "other", [None, b"", b"1234567", bytes(MAX_STORED_BYTES + 1), u64(2**64 - 1) + b"x"]
)
def test_what_is_no_such_blob_does_not_count(other: bytes | None) -> None:
    assert read_both([other, u64(3) + b"y"]) == [Generation(1, 3, b"y")]
    assert newest(read_both([other, None])) is None
