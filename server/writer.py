"""The writing half of a connection: answers, notices and mail, in one task.

It asks for mail only when it has written all the rest, and waits for the client
to take it; what is in memory is one chunk of answers and one page of mail.

Spec: docs/relay.md#a-connection
"""

from typing import Final

import trio

from protocol.wire.messages import Answer, Closing, Deliver, Push
from protocol.wire.relay_link import RelayLink
from protocol.wire.states import LinkState
from server.delivery import Delivery
from server.outbox import Outbox, Place
from server.patience import Patience
from server.signal import Signal

# The write timeout counts for each piece: the slowest client may take 2 kB a second.
PIECE_BYTES: Final = 65_536

# A restart takes seconds.
CLOSING_RETRY_MS: Final = 2_000


class Writer:
    """Says what one connection has to say."""

    __slots__ = (
        "_delivery",
        "_is_draining",
        "_link",
        "_outbox",
        "_patience",
        "_said",
        "_stream",
        "_to_say",
    )

    def __init__(self, stream: trio.abc.SendStream, link: RelayLink, patience: Patience) -> None:
        self._stream = stream
        self._link = link
        self._patience = patience
        self._outbox = Outbox(link)
        self._delivery: Delivery | None = None
        self._to_say = Signal()
        self._said = Signal()
        self._is_draining = False

    # --- what others ask of it; all return at once --------------------------

    def keep_place(self, request_id: int) -> Place:
        """Give the next place in the line of answers."""
        return self._outbox.keep_place(request_id)

    def answer(self, place: Place, answer: Answer) -> None:
        """Fill a place; it is said when all before it have been."""
        place.answer = answer
        self._to_say.set()

    def notify(self, push: Push | None) -> None:
        """Look for mail, and say ``push`` if there is one."""
        if push is not None:
            self._outbox.notify(push)
        self._to_say.set()

    def deliver(self, delivery: Delivery) -> None:
        """Take mail from ``delivery`` from now on."""
        self._delivery = delivery
        self._to_say.set()

    def drain(self) -> None:
        """Say all answers, then Closing, and end."""
        self._is_draining = True
        self._to_say.set()

    async def wait_until_said(self) -> None:
        """Wait until something more has been said."""
        await self._said.wait()

    @property
    def owes_nothing(self) -> bool:
        """Whether every request has its answer on the way."""
        return self._outbox.is_empty

    # --- its task -----------------------------------------------------------

    async def run(self) -> None:
        """Write until the link is closed.

        Raises:
            StoreTrouble: its mail cannot be read.
            trio.BrokenResourceError: the stream broke.
        """
        while True:
            await self._to_say.wait()
            while data := await self._next_data():
                await self._send(data)
            if self._link.state is LinkState.CLOSED:
                return

    async def _next_data(self) -> bytes:
        if self._is_draining and self._outbox.is_empty:
            self._outbox.notify(Closing(CLOSING_RETRY_MS))
        data = self._outbox.take()
        if data:
            self._said.set()
        return data + self._fresh_mail() or await self._stored_mail()

    def _fresh_mail(self) -> bytes:
        delivery = self._open_delivery()
        return b"" if delivery is None else self._pushed(delivery.fresh_mail())

    async def _stored_mail(self) -> bytes:
        delivery = self._open_delivery()
        page = [] if delivery is None else await delivery.next_page()
        # The link may have been closed while the store was asked.
        return b"" if self._open_delivery() is None else self._pushed(page)

    def _open_delivery(self) -> Delivery | None:
        is_open = self._link.state is LinkState.LOGGED_IN and not self._is_draining
        return self._delivery if is_open else None

    def _pushed(self, page: list[Deliver]) -> bytes:
        return b"".join(map(self._link.push, page))

    async def _send(self, data: bytes) -> None:
        for start in range(0, len(data), PIECE_BYTES):
            self._patience.writing(trio.current_time())
            await self._stream.send_all(data[start : start + PIECE_BYTES])
        self._patience.written()
