"""A relay that says what a test tells it, over a memory stream."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio
from trio.testing import memory_stream_pair

from client.network.connection import RelayConnection, open_connection
from client.network.transport import NO_RELAY_KEY, Dialed
from protocol.wire.messages import Answer, Hello, LoggedIn, Login, Push, Request, Welcome
from protocol.wire.relay_link import Asked, RelayLink

NONCE = bytes(range(32))
RELAY_KEY = b"R" * 32
CLOCK_MS = 1_700_000_000_000


class ScriptedRelay:
    """The relay's end of one connection, request by request."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self.stream = stream
        self.link = RelayLink()

    async def asked(self) -> Asked:
        """Wait for the next request."""
        while (asked := self.link.next_request()) is None:
            data = await self.stream.receive_some()
            if not data:
                raise trio.BrokenResourceError("the client hung up")
            self.link.receive_data(bytes(data))
        assert isinstance(asked, Asked)
        return asked

    async def answer_next(self, answer: Answer) -> Request:
        """Answer the next request with ``answer`` and give the request."""
        asked = await self.asked()
        await self.stream.send_all(self.link.answer(asked.request_id, answer))
        return asked.request

    async def push(self, message: Push) -> None:
        """Say something unasked."""
        await self.stream.send_all(self.link.push(message))

    async def greet(self, welcome: Welcome | None = None) -> None:
        """Answer Hello."""
        request = await self.answer_next(welcome or Welcome(1, RELAY_KEY, NONCE, CLOCK_MS))
        assert isinstance(request, Hello)

    async def log_in(self) -> Login:
        """Answer Login."""
        request = await self.answer_next(LoggedIn(1, 100))
        assert isinstance(request, Login)
        return request


def wired(relay_key: bytes = NO_RELAY_KEY) -> tuple[Dialed, ScriptedRelay]:
    """Give both ends of a new wire."""
    ours, theirs = memory_stream_pair()
    return Dialed(ours, relay_key, None, tls=relay_key is not NO_RELAY_KEY), ScriptedRelay(theirs)


@asynccontextmanager
async def greeted(
    relay_key: bytes = NO_RELAY_KEY,
) -> AsyncIterator[tuple[RelayConnection, ScriptedRelay]]:
    """Give a greeted connection and the relay behind it."""
    dialed, relay = wired(relay_key)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(relay.greet)
        async with open_connection(dialed) as connection:
            yield connection, relay
