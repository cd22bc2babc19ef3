"""One connection: bytes in, bytes out, and everything between asked of others.

    stream ──▶ Connection ──▶ RelayLink ──▶ Clerk, or Committer ──▶ answers ──┐
    stream ◀── Writer ◀────── RelayLink ◀──────────── Delivery ◀─ store ──────┴─

The reading half is here. It stops reading while too much is unanswered, so a
client that only asks is slowed down by TCP and makes nothing grow.

Spec: docs/relay.md#a-connection
"""

from functools import partial
from typing import Final

import trio

from protocol.ids import DeviceAddress
from protocol.limits import GREETING_TIMEOUT_MS, IDLE_TIMEOUT_MS
from protocol.wire.messages import (
    Acknowledge,
    Answer,
    LoggedIn,
    Refusal,
    Refused,
    Submit,
    Subscribed,
    token_hash,
)
from protocol.wire.relay_link import Asked, Barred, RelayLink
from protocol.wire.states import LinkState
from server.answers import answer_to_acknowledge, answer_to_submit, refused
from server.clerk import Clerk
from server.committer import AcknowledgeJob, SubmitJob
from server.delivery import Delivery
from server.outbox import Place
from server.services import Services
from server.store.interface import StoreTrouble
from server.store.values import Acknowledgement, Outcome, Submission
from server.writer import TimedOut, Writer

# Small: one for each connection that is being read.
READ_BYTES: Final = 16_384


class Connection:
    """One client's connection, from its first byte to its last."""

    def __init__(self, services: Services, stream: trio.abc.Stream, number: int) -> None:
        """Serve ``stream``; ``number`` names the connection in the log."""
        self._services = services
        self._stream = stream
        self._number = number
        self._link = RelayLink()
        self._clerk = Clerk(services)
        self._writer = Writer(stream, self._link)
        self._delivery: Delivery | None = None
        self._waiting: trio.CancelScope | None = None
        self._is_draining = False
        self._greeting_deadline = trio.current_time() + GREETING_TIMEOUT_MS / 1000

    async def serve(self) -> None:
        """Serve until the client goes, misbehaves, or the relay drains.

        Raises:
            WireError: the client sent something wrong.
            TimedOut: it took too long.
            StoreTrouble: its mail cannot be read.
            trio.BrokenResourceError: the stream broke.
        """
        try:
            await self._shake_hands()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._writer.run)
                if not await self._read():
                    nursery.cancel_scope.cancel()
        finally:
            if self._delivery is not None:
                self._services.subscriptions.end(self._clerk.address, self._delivery)

    def drain(self) -> None:
        """Read no more; answer what was asked, say Closing, and end."""
        self._is_draining = True
        if self._waiting is not None:
            self._waiting.cancel()
        self._writer.drain()

    # --- reading ------------------------------------------------------------

    async def _shake_hands(self) -> None:
        if isinstance(self._stream, trio.SSLStream):
            with trio.move_on_at(self._greeting_deadline) as scope:
                await self._stream.do_handshake()
            if scope.cancelled_caught:
                raise TimedOut("the TLS handshake")

    async def _read(self) -> bool:
        """Read and handle; False if the client has gone, True if the writer has a last word."""
        while not self._is_draining and self._link.state is not LinkState.CLOSED:
            event = self._link.next_request()
            if event is not None:
                await self._handle(event)
            elif self._link.must_answer:
                await self._wait_until_said()
            elif not await self._receive():
                return False
        return True

    async def _receive(self) -> bool:
        """Read some bytes; False at the end of the stream."""
        with trio.move_on_at(self._read_deadline()) as self._waiting:
            data = await self._stream.receive_some(READ_BYTES)
            if not data:
                self._link.receive_end()
                return False
            self._link.receive_data(bytes(data))
        if self._waiting.cancelled_caught and not self._is_draining:
            raise TimedOut("the next request")
        return True

    def _read_deadline(self) -> float:
        if self._link.state is LinkState.GREETING:
            return self._greeting_deadline
        return trio.current_time() + IDLE_TIMEOUT_MS / 1000

    async def _wait_until_said(self) -> None:
        with trio.CancelScope() as self._waiting:
            await self._writer.wait_until_said()

    # --- requests -----------------------------------------------------------

    async def _handle(self, event: Asked | Barred) -> None:
        place = self._writer.keep_place(event.request_id)
        match event:
            case Barred():
                self._answer(place, "barred", refused(event.refusal))
            case Asked(request=Submit() as request):
                await self._submit(place, request)
            case Asked(request=Acknowledge() as request):
                await self._acknowledge(place, request.up_to)
            case Asked(request=request):
                answer = await self._clerk.carry_out(request)
                self._answer(place, type(request).__name__, answer)
                if isinstance(answer, Subscribed):
                    await self._subscribe()

    async def _submit(self, place: Place, submit: Submit) -> None:
        submission = Submission(
            DeviceAddress(submit.name, submit.device),
            submit.envelope_id,
            submit.envelope,
            self._clerk.sender,
            None if submit.token is None else token_hash(submit.token),
        )
        await self._services.committer.put(SubmitJob(submission, partial(self._submitted, place)))

    def _submitted(self, place: Place, result: Outcome | StoreTrouble) -> None:
        self._answer(place, "Submit", answer_to_submit(result))

    async def _acknowledge(self, place: Place, up_to: int) -> None:
        if self._delivery is None or not self._delivery.acknowledge(up_to):
            self._answer(place, "Acknowledge", refused(Refusal.BAD_ACKNOWLEDGEMENT))
            return
        work = Acknowledgement(self._clerk.address, up_to)
        settled = partial(self._acknowledged, place, up_to)
        await self._services.committer.put(AcknowledgeJob(work, settled))

    def _acknowledged(self, place: Place, up_to: int, result: StoreTrouble | None) -> None:
        self._answer(place, "Acknowledge", answer_to_acknowledge(up_to, result))

    def _answer(self, place: Place, request: str, answer: Answer) -> None:
        log = self._services.log
        if isinstance(answer, Refused):
            log.event("refused", connection=self._number, request=request, code=answer.code)
        elif isinstance(answer, LoggedIn):
            log.event("logged-in", connection=self._number, name=self._clerk.address.name)
        self._writer.answer(place, answer)

    async def _subscribe(self) -> None:
        """Begin to deliver, once the answer to Subscribe is on its way."""
        if self._delivery is not None and not self._delivery.is_displaced:
            return
        while not self._writer.owes_nothing and not self._is_draining:
            await self._wait_until_said()
        mailbox = self._clerk.address
        self._delivery = Delivery(self._services.store, mailbox, self._writer.notify)
        self._services.subscriptions.begin(mailbox, self._delivery)
        self._writer.deliver(self._delivery)
