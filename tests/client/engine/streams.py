"""Streams that fail: after so many bytes, counted in both directions."""

import trio


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
