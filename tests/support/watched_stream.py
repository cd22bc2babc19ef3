"""A stream that shows each message to an observer before it passes it on."""

from collections.abc import Callable

import trio

from protocol.wire.codec import decode_untrusted
from protocol.wire.framing import FrameReader
from protocol.wire.messages import Message


class WatchedStream(trio.abc.Stream):
    """Calls ``observe(request id, message)`` for every message sent through it."""

    def __init__(self, inner: trio.abc.Stream, observe: Callable[[int, Message], None]) -> None:
        self._inner = inner
        self._observe = observe
        self._frames = FrameReader()

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        self._frames.receive_data(bytes(data))
        while (message := self._frames.next_frame()) is not None:
            self._observe(*decode_untrusted(message))
        await self._inner.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._inner.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        return await self._inner.receive_some(max_bytes)

    async def aclose(self) -> None:
        await self._inner.aclose()
