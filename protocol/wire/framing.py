"""Frames: where one message ends and the next begins in a stream of bytes.

    frame = u32(length) || message          1 <= length <= MAX_FRAME_BYTES

What stands in a message is the business of :mod:`protocol.wire.codec`.

Spec: docs/protocol.md#wire
"""

from typing import Final

from protocol.errors import TooLong, WireError
from protocol.limits import MAX_FRAME_BYTES

LENGTH_BYTES: Final = 4


def frame(message: bytes) -> bytes:
    """Put its length in front of ``message``.

    Raises:
        TooLong: it is over MAX_FRAME_BYTES; our own caller built it.
    """
    if len(message) > MAX_FRAME_BYTES:
        raise TooLong("the message", len(message), MAX_FRAME_BYTES)
    return len(message).to_bytes(LENGTH_BYTES, "big") + message


class FrameReader:
    """Cuts a stream into frames, however the network has chopped it.

    It holds at most one unfinished frame and what was received behind it: ask
    for frames until there is none, and only then give more data.
    """

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = bytearray()

    def receive_data(self, data: bytes) -> None:
        """Take the next bytes of the stream."""
        self._buffer += data

    def next_frame(self) -> bytes | None:
        """Give the next whole message, or None until more bytes have come.

        Raises:
            WireError: a length is 0 or over the limit; told by the length
                alone, before any of the message is waited for.
        """
        length = self._announced_length()
        if length is None or len(self._buffer) < LENGTH_BYTES + length:
            return None
        message = bytes(self._buffer[LENGTH_BYTES : LENGTH_BYTES + length])
        del self._buffer[: LENGTH_BYTES + length]
        return message

    @property
    def is_between_frames(self) -> bool:
        """Whether the stream may end here without cutting a frame."""
        return not self._buffer

    def _announced_length(self) -> int | None:
        if len(self._buffer) < LENGTH_BYTES:
            return None
        length = int.from_bytes(self._buffer[:LENGTH_BYTES], "big")
        if not 1 <= length <= MAX_FRAME_BYTES:
            raise WireError(f"a frame of {length} bytes, allowed are 1 to {MAX_FRAME_BYTES}")
        return length
