"""One connection to a vault: one request after the other, each paid for, each answered.

Spec: docs/vault.md#a-request
"""

from dataclasses import dataclass

import trio

from protocol.wire.messages import Answer, GetEvents, Refusal, Refused, Request, VaultWelcome
from protocol.wire.relay_link import Asked, Barred
from server.answers import refused
from server.conversation import Conversation
from server.eventlog import EventLog
from server.limits.source import Source
from server.limits.values import Limits
from server.vault.clerk import VaultClerk
from server.vault.tolls import VaultTolls


@dataclass(frozen=True, slots=True)
class VaultServices:
    """What every connection of a vault shares."""

    clerk: VaultClerk
    tolls: VaultTolls
    log: EventLog
    limits: Limits


class VaultConnection(Conversation):
    """One client's connection, from its first byte to its last."""

    def __init__(
        self, services: VaultServices, stream: trio.abc.Stream, number: int, source: Source
    ) -> None:
        """Serve ``stream`` from ``source``; ``number`` names the connection in the log."""
        super().__init__(stream, source, services.limits)
        self._services = services
        self._number = number

    async def _handle(self, event: Asked | Barred) -> None:
        if isinstance(event, Asked) and isinstance(event.request, GetEvents):
            # A page of a log is large: one at a time is in memory.
            await self._wait_until_all_is_said()
        place = self._writer.keep_place(event.request_id)
        if isinstance(event, Barred):
            answer: Answer = refused(event.refusal)
        else:
            answer = await self._answer_to(event.request)
        if isinstance(answer, VaultWelcome):
            self._patience.greeted()
        self._writer.answer(place, answer)

    async def _answer_to(self, request: Request) -> Answer:
        name, log = type(request).__name__, self._services.log
        wait_ms = self._services.tolls.charge(request, self._source, trio.current_time())
        if wait_ms:
            answer: Answer = Refused(Refusal.RATE_LIMITED, wait_ms)
        else:
            answer = await self._services.clerk.carry_out(request)
        if isinstance(answer, Refused):
            log.event("refused", connection=self._number, request=name, code=answer.code)
        else:
            log.event("done", connection=self._number, request=name)
        return answer
