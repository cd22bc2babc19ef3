"""Carries out one connection's requests to a vault, and says what came of them.

Spec: docs/recovery.md#messages
"""

from collections.abc import Callable
from dataclasses import dataclass

from protocol.ids import Name
from protocol.packing import repacked
from protocol.recovery.errors import VaultRefuses
from protocol.recovery.evaluation import EvaluationRequest, UnlockRequest
from protocol.recovery.owner import Deletion, HeadPlacement
from protocol.recovery.registration import Registration
from protocol.wire.messages import (
    Answer,
    DeleteRecord,
    Evaluate,
    Evaluated,
    EventsListed,
    GetEvents,
    GetHead,
    GetRecordStatus,
    HeadPlaced,
    Hello,
    Ping,
    PlacedHead,
    PlaceHead,
    Pong,
    PossessionProven,
    ProvePossession,
    RecordDeleted,
    RecordRegistered,
    RecordStatus,
    Refusal,
    Refused,
    RegisterRecord,
    Request,
    Unlock,
    Unlocked,
    VaultHello,
    VaultWelcome,
)
from server.answers import refused, refused_for
from server.gate import common_version
from server.store.interface import StoreTrouble
from server.vault.keeper import Keeper

# A vault's refusals on the wire: their number and this.
REFUSAL_OFFSET = 32


@dataclass(frozen=True, slots=True)
class Greeting:
    """What a vault says of itself.

    Attributes:
        name: what it goes by.
        key: its 32-byte Ed25519 key.
        now_ms: its clock.
    """

    name: Name
    key: bytes
    now_ms: Callable[[], int]

    def answer_to(self, hello: VaultHello) -> Answer:
        """Choose a version."""
        version = common_version(hello)
        if version is None:
            return refused(Refusal.UNSUPPORTED_VERSION)
        return VaultWelcome(version, self.key, self.name, self.now_ms())


class VaultClerk:
    """Turns requests into calls of the keeper, and results into answers."""

    def __init__(self, keeper: Keeper, greeting: Greeting) -> None:
        self._keeper = keeper
        self._greeting = greeting

    async def carry_out(self, request: Request) -> Answer:
        """Do what ``request`` asks, and give the answer to it.

        Raises:
            WireError: a secret in it is none.
        """
        match request:
            case VaultHello():
                return self._greeting.answer_to(request)
            case Ping():
                return Pong(self._greeting.now_ms())
            case Hello():
                return refused(Refusal.WRONG_SERVICE)
        try:
            return await self._about_a_record(request)
        except VaultRefuses as refusal:
            return Refused(REFUSAL_OFFSET + refusal.reason, refusal.retry_after_ms)
        except StoreTrouble as trouble:
            return refused_for(trouble)

    async def _about_a_record(self, request: Request) -> Answer:
        match request:
            case RegisterRecord():
                receipt = await self._keeper.register(repacked(Registration, request))
                return RecordRegistered(receipt)
            case Evaluate():
                answer = await self._keeper.evaluate(repacked(EvaluationRequest, request))
                return repacked(Evaluated, answer)
            case Unlock():
                await self._keeper.unlock(repacked(UnlockRequest, request))
                return Unlocked()
            case PlaceHead():
                await self._keeper.place_head(repacked(HeadPlacement, request))
                return HeadPlaced()
            case DeleteRecord():
                await self._keeper.delete(repacked(Deletion, request))
                return RecordDeleted()
            case _:
                return await self._shown(request)

    async def _shown(self, request: Request) -> Answer:
        """Answer what changes nothing."""
        match request:
            case GetRecordStatus():
                status = await self._keeper.status(request.record_id)
                return RecordStatus(status.state, status.guesses_left, status.retry_after_ms)
            case GetHead():
                return PlacedHead(*await self._keeper.placed_head(request.record_id))
            case ProvePossession():
                proof = await self._keeper.possession(request.record_id, request.nonce)
                return PossessionProven(proof.encode())
            case GetEvents():
                found = await self._keeper.events(request.record_id, request.from_sequence)
                return EventsListed(found)
            case _:
                raise AssertionError(f"{type(request).__name__} is no request at a vault")
