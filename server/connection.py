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
from protocol.wire.messages import (
    Acknowledge,
    Answer,
    DeleteBlob,
    DeviceReplaced,
    GetBlob,
    ListBlobs,
    LoggedIn,
    PutBlob,
    RefreshBlobs,
    Refusal,
    Refused,
    Replaced,
    ReplacementAnnounced,
    ReplacementHeld,
    Request,
    Submit,
    Subscribed,
    Vetoed,
    Welcome,
    token_hash,
)
from protocol.wire.relay_link import Asked, Barred, RelayLink
from protocol.wire.states import LinkState
from server.answers import answer_to_acknowledge, answer_to_submit, refused
from server.blob_clerk import BlobClerk
from server.clerk import Clerk
from server.committer import AcknowledgeJob, SubmitJob
from server.delivery import Delivery
from server.limits.pace import Pace
from server.limits.source import Source
from server.limits.tolls import Payer
from server.outbox import Place
from server.patience import Patience
from server.services import Services
from server.store.interface import StoreTrouble
from server.store.values import Acknowledgement, Outcome, Submission
from server.writer import Writer

# Small: one for each connection that is being read.
READ_BYTES: Final = 16_384


class Connection:
    """One client's connection, from its first byte to its last."""

    def __init__(
        self, services: Services, stream: trio.abc.Stream, number: int, source: Source
    ) -> None:
        """Serve ``stream`` from ``source``; ``number`` names the connection in the log."""
        self._services = services
        self._stream = stream
        self._number = number
        self._link = RelayLink()
        self._source = source
        self._clerk = Clerk(services)
        self._blob_clerk = BlobClerk(services, source)
        self._patience = Patience(trio.current_time())
        self._writer = Writer(stream, self._link, self._patience)
        self._delivery: Delivery | None = None
        self._is_draining = False
        self._is_replaced = False
        limits = services.limits
        self._pace = Pace(limits.connection) if limits.by_person(source) else None

    async def serve(self) -> None:
        """Serve until the client goes, misbehaves, or the relay drains.

        Raises:
            WireError: the client sent something wrong.
            StoreTrouble: its mail cannot be read.
            trio.BrokenResourceError: the stream broke.
        """
        try:
            if isinstance(self._stream, trio.SSLStream):
                await self._stream.do_handshake()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._write, nursery.cancel_scope)
                if not await self._read():
                    nursery.cancel_scope.cancel()
        finally:
            self._end_login()

    def drain(self) -> None:
        """Read no more; answer what was asked, say Closing, and end."""
        self._is_draining = True
        self._writer.drain()

    def announce(self, push: ReplacementAnnounced) -> None:
        """Tell the device that another one wants its place."""
        self._writer.notify(push)

    def replaced(self) -> None:
        """Carry out nothing any more: another device bears this one's address."""
        self._is_replaced = True
        self._end_login()
        self._writer.notify(DeviceReplaced())

    def require_patience(self, now: float) -> None:
        """Check that the client does not take too long.

        Raises:
            TimedOut: it does.
        """
        self._patience.require(now)

    @property
    def _is_over(self) -> bool:
        return self._is_draining or self._is_replaced

    # --- bytes --------------------------------------------------------------

    async def _write(self, both: trio.CancelScope) -> None:
        await self._writer.run()
        both.cancel()  # the last word is said

    async def _read(self) -> bool:
        """Read and handle; False if the client has gone, True if the writer has a last word."""
        while not self._is_over and self._link.state is not LinkState.CLOSED:
            event = self._link.next_request()
            if event is not None:
                await self._keep_pace()
                await self._handle(event)
                self._patience.asked(trio.current_time())
            elif self._link.must_answer:
                await self._writer.wait_until_said()
            elif not await self._receive():
                return False
        return True

    async def _receive(self) -> bool:
        """Read some bytes; False at the end of the stream."""
        self._patience.reading()
        data = await self._stream.receive_some(READ_BYTES)
        self._patience.read()
        if data:
            self._link.receive_data(bytes(data))
        else:
            self._link.receive_end()
        return bool(data)

    async def _keep_pace(self) -> None:
        if self._pace is not None and (wait := self._pace.step(trio.current_time())):
            await trio.sleep(wait)

    async def _wait_until_all_is_said(self) -> None:
        while not self._writer.owes_nothing and not self._is_over:
            await self._writer.wait_until_said()

    # --- requests -----------------------------------------------------------

    async def _handle(self, event: Asked | Barred) -> None:
        if isinstance(event, Barred):
            place = self._writer.keep_place(event.request_id)
            self._answer(place, "barred", refused(event.refusal))
            return
        request = event.request
        if isinstance(request, GetBlob | ListBlobs):
            # Their answers are large: one at a time is in memory, however many were asked for.
            await self._wait_until_all_is_said()
        place = self._writer.keep_place(event.request_id)
        payer = Payer(self._source, self._clerk.address_if_known)
        if wait_ms := self._services.tolls.charge(request, payer, trio.current_time()):
            self._answer(place, type(request).__name__, Refused(Refusal.RATE_LIMITED, wait_ms))
        else:
            await self._carry_out(place, request)

    async def _carry_out(self, place: Place, request: Request) -> None:
        match request:
            case Submit():
                await self._submit(place, request)
            case Acknowledge():
                await self._acknowledge(place, request.up_to)
            case PutBlob() | GetBlob() | DeleteBlob() | ListBlobs() | RefreshBlobs():
                answer = await self._blob_clerk.carry_out(request)
                self._answer(place, type(request).__name__, answer)
            case _:
                answer = await self._clerk.carry_out(request)
                self._answer(place, type(request).__name__, answer)
                if isinstance(answer, Welcome):
                    self._patience.greeted()
                elif isinstance(answer, Subscribed):
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
        elif isinstance(answer, ReplacementHeld):
            log.event("replacement-held", connection=self._number, until_ms=answer.until_ms)
        elif isinstance(answer, Vetoed):
            log.event("replacement-vetoed", connection=self._number)
        elif isinstance(answer, LoggedIn | Replaced):
            self._begin_login(is_new=isinstance(answer, Replaced))
        self._writer.answer(place, answer)

    def _begin_login(self, *, is_new: bool) -> None:
        address = self._clerk.address
        if is_new:
            self._services.log.event("device-replaced", connection=self._number)
        self._services.log.event("logged-in", connection=self._number, name=address.name)
        self._services.presence.enter(address, self)
        if (announcement := self._clerk.announcement) is not None:
            self.announce(announcement)

    def _end_login(self) -> None:
        address = self._clerk.address_if_known
        if address is None:
            return
        self._services.presence.leave(address, self)
        if self._delivery is not None:
            self._services.subscriptions.end(address, self._delivery)

    async def _subscribe(self) -> None:
        """Begin to deliver, once the answer to Subscribe is on its way."""
        if self._delivery is not None and not self._delivery.is_displaced:
            return
        await self._wait_until_all_is_said()
        mailbox = self._clerk.address
        self._delivery = Delivery(self._services.store, mailbox, self._writer.notify)
        self._services.subscriptions.begin(mailbox, self._delivery)
        self._writer.deliver(self._delivery)
