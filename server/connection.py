"""One connection to a relay: each request to whoever carries it out, each answer to its place.

    Conversation ──▶ Connection ──▶ Clerk, or Committer ──▶ answers ──┐
         Writer ◀───────────────────────────── Delivery ◀─ store ─────┴─

Bytes, frames and turns are the business of :mod:`server.conversation`.

Spec: docs/relay.md#a-connection
"""

from functools import partial

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
from protocol.wire.relay_link import Asked, Barred
from server.answers import answer_to_acknowledge, answer_to_submit, refused
from server.blob_clerk import BlobClerk
from server.clerk import Clerk
from server.committer import AcknowledgeJob, SubmitJob
from server.conversation import Conversation
from server.delivery import Delivery
from server.limits.source import Source
from server.limits.tolls import Payer
from server.outbox import Place
from server.services import Services
from server.store.interface import StoreTrouble
from server.store.values import Acknowledgement, Outcome, Submission


class Connection(Conversation):
    """One client's connection, from its first byte to its last."""

    def __init__(
        self, services: Services, stream: trio.abc.Stream, number: int, source: Source
    ) -> None:
        """Serve ``stream`` from ``source``; ``number`` names the connection in the log."""
        super().__init__(stream, source, services.limits)
        self._services = services
        self._number = number
        self._clerk = Clerk(services)
        self._blob_clerk = BlobClerk(services, source)
        self._delivery: Delivery | None = None
        self._is_replaced = False

    async def serve(self) -> None:
        """Serve until the end, then deliver no more."""
        try:
            await super().serve()
        finally:
            self._end_login()

    def announce(self, push: ReplacementAnnounced) -> None:
        """Tell the device that another one wants its place."""
        self._writer.notify(push)

    def replaced(self) -> None:
        """Carry out nothing any more: another device bears this one's address."""
        self._is_replaced = True
        self._end_login()
        self._writer.notify(DeviceReplaced())

    @property
    def _is_over(self) -> bool:
        return self._is_draining or self._is_replaced

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
