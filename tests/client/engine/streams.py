"""Streams that fail: cut off after so many bytes, or repeating what was said before."""

import random
from collections.abc import Iterator

import trio

from protocol.wire.codec import decode_untrusted
from protocol.wire.framing import FrameReader, frame
from protocol.wire.messages import Deliver


class DyingStream(trio.abc.Stream):
    """Passes ``budget`` bytes on, both ways together, and breaks: in the middle, if it comes so."""

    def __init__(self, inner: trio.abc.Stream, budget: int) -> None:
        self._inner = inner
        self._left = budget

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        whole = bytes(data)
        await self._inner.send_all(whole[: self._left])
        await self._spend(len(whole))

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        data = await self._inner.receive_some(max_bytes)
        kept = data[: self._left]
        self._left -= len(data)
        if self._left < 0 and not kept:
            await self._break()
        return kept

    async def wait_send_all_might_not_block(self) -> None:
        await self._inner.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def _spend(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            await self._break()

    async def _break(self) -> None:
        self._left = 0
        await trio.aclose_forcefully(self._inner)
        raise trio.BrokenResourceError("the wire was cut")


class RepeatingStream(trio.abc.Stream):
    """Repeats what the relay delivers, at once and later, as a relay that is confused might."""

    def __init__(self, inner: trio.abc.Stream, rng: random.Random, kept: list[bytes]) -> None:
        self._inner = inner
        self._rng = rng
        self._frames = FrameReader()
        self._kept = kept

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        out = b""
        while not out:
            data = await self._inner.receive_some(max_bytes)
            if not data:
                return data
            self._frames.receive_data(bytes(data))
            out = b"".join(self._repeated())
        return out

    def _repeated(self) -> Iterator[bytes]:
        while (message := self._frames.next_frame()) is not None:
            yield frame(message)
            if isinstance(decode_untrusted(message)[1], Deliver):
                self._kept.append(message)
                for _ in range(self._rng.randrange(3)):
                    yield frame(self._rng.choice(self._kept))

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await self._inner.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._inner.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        await self._inner.aclose()
