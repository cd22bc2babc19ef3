"""Frames survive any chopping, and refuse lengths that nobody may announce."""

import random

import pytest

from protocol.errors import TooLong, WireError
from protocol.limits import MAX_FRAME_BYTES
from protocol.wire.framing import FrameReader, frame


def frames_of(reader: FrameReader, data: bytes) -> list[bytes]:
    reader.receive_data(data)
    found = []
    while (message := reader.next_frame()) is not None:
        found.append(message)
    return found


def some_messages(rng: random.Random) -> list[bytes]:
    return [rng.randbytes(rng.choice([1, 2, 255, 256, 5_000])) for _ in range(20)]


def test_a_frame_is_its_length_and_its_message() -> None:
    assert frame(b"abc") == b"\x00\x00\x00\x03abc"


def test_whole(rng: random.Random) -> None:
    sent = some_messages(rng)
    assert frames_of(FrameReader(), b"".join(map(frame, sent))) == sent


def test_byte_by_byte(rng: random.Random) -> None:
    sent = some_messages(rng)
    reader = FrameReader()
    stream = b"".join(map(frame, sent))
    received = [m for i in range(len(stream)) for m in frames_of(reader, stream[i : i + 1])]
    assert received == sent
    assert reader.is_between_frames


def test_chopped_at_random(rng: random.Random) -> None:
    sent = some_messages(rng)
    stream = b"".join(map(frame, sent))
    reader, received = FrameReader(), []
    while stream:
        cut = rng.randint(1, 7_000)
        received += frames_of(reader, stream[:cut])
        stream = stream[cut:]
    assert received == sent


def test_the_longest_frame_passes() -> None:
    longest = bytes(MAX_FRAME_BYTES)
    assert frames_of(FrameReader(), frame(longest)) == [longest]


@pytest.mark.parametrize("length", [0, MAX_FRAME_BYTES + 1, 0xFFFF_FFFF])
def test_a_wrong_length_is_refused_before_its_message_comes(length: int) -> None:
    reader = FrameReader()
    reader.receive_data(length.to_bytes(4, "big"))
    with pytest.raises(WireError):
        reader.next_frame()


def test_our_own_message_may_not_be_too_long() -> None:
    with pytest.raises(TooLong):
        frame(bytes(MAX_FRAME_BYTES + 1))


def test_a_cut_frame_shows() -> None:
    reader = FrameReader()
    assert reader.is_between_frames
    assert frames_of(reader, frame(b"abc")[:-1]) == []
    assert not reader.is_between_frames
