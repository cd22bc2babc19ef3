"""Between the pure decisions about records and the disk: load, ask, store, then answer.

    evaluate     change: count_guess ──▶ on disk ──▶ answer_guess
    the others   change: a decision  ──▶ on disk ──▶ its result

It decides nothing. Before each request it lets be erased what is due, in a transaction
of its own: that stays, whatever becomes of the request.

Spec: docs/vault.md#a-request
"""

from collections.abc import Callable
from typing import TypeVar

from protocol.randomness import RandomBytes
from protocol.recovery import upkeep, vault
from protocol.recovery.decision import Decision
from protocol.recovery.dleq import Proof
from protocol.recovery.evaluation import EvaluationAnswer, EvaluationRequest, UnlockRequest
from protocol.recovery.events import VaultEvent
from protocol.recovery.owner import Deletion, HeadPlacement
from protocol.recovery.registration import Registration
from protocol.recovery.vault import CountedGuess, VaultStatus
from protocol.recovery.vault_record import VaultRecord
from protocol.signing import SigningKey, public_key_of
from server.vault.store import Deciding, VaultStore

T = TypeVar("T")


class Keeper:
    """Keeps a vault's records.

    Every method may raise StoreTrouble: nothing was changed, and no guess answered. Those
    that raise VaultRefuses do so as the decision that they ask for.
    """

    def __init__(
        self,
        store: VaultStore,
        key: SigningKey,
        now_ms: Callable[[], int],
        random_bytes: RandomBytes,
    ) -> None:
        """Keep records in ``store``, signing their logs with ``key``."""
        self._store = store
        self._key = key
        self._public_key = public_key_of(key)
        self._now_ms = now_ms
        self._random_bytes = random_bytes

    async def register(self, registration: Registration) -> VaultEvent:
        """Take a registration, once, and give its receipt."""

        def decide(stored: VaultRecord | None) -> tuple[Decision, VaultEvent]:
            decision = vault.register(stored, registration, self._now_ms(), self._key)
            return decision, vault.receipt(decision.record, self._key)

        return await self._change(registration.record_id, decide)

    async def status(self, record_id: bytes) -> VaultStatus:
        """Tell how a record stands."""
        return vault.status(await self._read(record_id), self._now_ms())

    async def evaluate(self, request: EvaluationRequest) -> EvaluationAnswer:
        """Count a guess; when that is on disk, evaluate it."""

        def decide(stored: VaultRecord | None) -> tuple[Decision, CountedGuess]:
            counted = vault.count_guess(stored, request, self._now_ms(), self._key)
            return counted.decision, counted

        counted = await self._change(request.record_id, decide)
        return vault.answer_guess(counted, self._random_bytes)

    async def unlock(self, request: UnlockRequest) -> None:
        """Set a count to zero, for the right tag."""
        await self._change(request.record_id, self._alone(vault.unlock, request))

    async def place_head(self, placed: HeadPlacement) -> None:
        """Keep a newer head."""
        await self._change(placed.record_id, self._alone(upkeep.place_head, placed))

    async def placed_head(self, record_id: bytes) -> tuple[int, bytes]:
        """Give the newest head and its epoch."""
        return upkeep.placed_head(await self._read(record_id))

    async def delete(self, deletion: Deletion) -> None:
        """Forget a record for good."""
        await self._change(deletion.record_id, self._alone(upkeep.delete, deletion))

    async def possession(self, record_id: bytes, nonce: bytes) -> Proof:
        """Prove that a share is here."""
        stored = await self._read(record_id)
        return upkeep.show_possession(stored, nonce, self._public_key, self._random_bytes)

    async def events(self, record_id: bytes, from_sequence: int) -> tuple[VaultEvent, ...]:
        """Give some of a record's log.

        Raises:
            VaultRefuses: UNKNOWN_RECORD.
        """
        await self.status(record_id)
        return await self._store.events(record_id, from_sequence)

    async def settle_due(self) -> int:
        """Erase every share that is due; give their number."""
        count = 0
        while due := await self._store.due(self._now_ms()):
            for record_id in due:
                await self._store.change(record_id, self._settle)
            count += len(due)
        return count

    def _alone(
        self, decide: Callable[[VaultRecord | None, T, int, SigningKey], Decision], request: T
    ) -> Deciding[None]:
        """Give ``decide`` for a request that is answered by having been carried out."""

        def deciding(stored: VaultRecord | None) -> tuple[Decision, None]:
            return decide(stored, request, self._now_ms(), self._key), None

        return deciding

    async def _change(self, record_id: bytes, decide: Deciding[T]) -> T:
        await self._store.change(record_id, self._settle)
        return await self._store.change(record_id, decide)

    async def _read(self, record_id: bytes) -> VaultRecord | None:
        await self._store.change(record_id, self._settle)
        return await self._store.read(record_id)

    def _settle(self, stored: VaultRecord | None) -> tuple[Decision | None, None]:
        if stored is None:
            return None, None
        return vault.settle(stored, self._now_ms(), self._key), None
