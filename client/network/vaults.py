"""One vault, as a connection reaches it.

    async with open_vault(vault) as client:
        receipt = await client.register(registration)

The vault has shown its key before the first byte is sent. What it says of itself is
checked as far as its own key and commitments allow: receipts, logs, possession. An
evaluation is checked by :mod:`protocol.recovery.recovering`, which has to keep a lie.

Errors are those of :mod:`client.network.vault_errors`, each of which names the vault.

Spec: docs/recovery.md#messages
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import ClassVar, TypeVar

import trio

from client.errors import RelayUnreachable, TrustOpen
from client.network.asking import ask_patiently
from client.network.connection import RelayConnection, opened
from client.network.failures import ConnectionLost
from client.network.refusals import RelayRefusal
from client.network.transport import Dialer, dial
from client.network.vault_address import address_of
from client.network.vault_errors import (
    RefusedByVault,
    VaultKeyChanged,
    VaultMisbehaves,
    VaultUnreachable,
)
from protocol.errors import BadAddress
from protocol.limits import GREETING_TIMEOUT_MS, MAX_VAULT_EVENTS
from protocol.packing import repacked
from protocol.recovery.dleq import Proof
from protocol.recovery.errors import BadElement, BadProof, BrokenLog
from protocol.recovery.evaluation import EvaluationAnswer, EvaluationRequest, UnlockRequest
from protocol.recovery.events import EventKind, VaultEvent, verify_log
from protocol.recovery.group import Element
from protocol.recovery.owner import Deletion, HeadPlacement
from protocol.recovery.possession import PossessionQuestion, verify_possession
from protocol.recovery.record import Vault, VaultPart
from protocol.recovery.registration import Registration
from protocol.recovery.vault import VaultStatus
from protocol.recovery.vault_record import VaultState
from protocol.wire.messages import (
    PROTOCOL_VERSION,
    Answer,
    DeleteRecord,
    Evaluate,
    Evaluated,
    EventsListed,
    GetEvents,
    GetHead,
    GetRecordStatus,
    HeadPlaced,
    PlacedHead,
    PlaceHead,
    PossessionProven,
    ProvePossession,
    RecordDeleted,
    RecordRegistered,
    RecordStatus,
    RegisterRecord,
    Request,
    Unlock,
    Unlocked,
    VaultHello,
    VaultWelcome,
)

A = TypeVar("A", bound=Answer)


class VaultConnection(RelayConnection):
    """A connection that is greeted as a vault's."""

    far_side: ClassVar[str] = "vault"

    welcome: VaultWelcome
    """What it said of itself."""

    async def _greet(self) -> None:
        try:
            with trio.fail_after(GREETING_TIMEOUT_MS / 1000):
                hello = VaultHello(PROTOCOL_VERSION, PROTOCOL_VERSION)
                self.welcome = await self.request(hello, VaultWelcome)
        except trio.TooSlowError:
            raise ConnectionLost("The vault did not greet in time.") from None
        if self._relay_key != self.welcome.vault_key:
            raise ConnectionLost("The vault's greeting names another key than its certificate.")
        self.relay_clock_ms = self.welcome.clock_ms


class VaultClient:
    """A vault's requests, typed. All may raise VaultUnreachable and RefusedByVault."""

    def __init__(self, vault: Vault, connection: VaultConnection) -> None:
        """Use :func:`open_vault`."""
        self.vault = vault
        self._connection = connection

    async def register(self, registration: Registration) -> VaultEvent:
        """Register a record, once; the same again does no harm. Give the checked receipt.

        Raises:
            VaultMisbehaves: it goes by another name, or the receipt is not for this.
        """
        self._require_name()
        request = repacked(RegisterRecord, registration)
        receipt = (await self._ask(request, RecordRegistered)).receipt
        self._require_log(registration.record_id, [receipt])
        kind, detail = receipt.kind, receipt.detail
        if (kind, detail) != (EventKind.REGISTERED, registration.digest()) or receipt.sequence:
            raise VaultMisbehaves(self.vault, "Its receipt is for something else.")
        return receipt

    async def status(self, record_id: bytes) -> VaultStatus:
        """Ask how many guesses are left, and how long the next one has to wait."""
        answer = await self._ask(GetRecordStatus(record_id), RecordStatus)
        try:
            state = VaultState(answer.state)
        except ValueError as error:
            why = "It names a state that is not known here."
            raise VaultMisbehaves(self.vault, why) from error
        return VaultStatus(state, answer.guesses_left, answer.retry_after_ms)

    async def evaluate(self, request: EvaluationRequest) -> EvaluationAnswer:
        """Spend a guess; if the answer is lost, so is the guess. Nothing is verified here."""
        return repacked(EvaluationAnswer, await self._ask(repacked(Evaluate, request), Evaluated))

    async def unlock(self, request: UnlockRequest) -> None:
        """Show the tag; the count is zero afterwards."""
        await self._ask(repacked(Unlock, request), Unlocked)

    async def place_head(self, placed: HeadPlacement) -> None:
        """Place a head; the same again does no harm."""
        await self._ask(repacked(PlaceHead, placed), HeadPlaced)

    async def head(self, record_id: bytes) -> tuple[int, bytes]:
        """Give the epoch and bytes of the head placed last; ``(0, b"")`` if there is none."""
        answer = await self._ask(GetHead(record_id), PlacedHead)
        return answer.epoch, answer.head

    async def delete(self, deletion: Deletion) -> None:
        """Delete a record for good; the same again does no harm."""
        await self._ask(repacked(DeleteRecord, deletion), RecordDeleted)

    async def events(self, record_id: bytes) -> list[VaultEvent]:
        """Give the log as far as it is kept, the oldest entry first, checked.

        Raises:
            VaultMisbehaves: it has a gap, a wrong signature, or no end.
        """
        events: list[VaultEvent] = []
        wanted = 0
        while page := (await self._ask(GetEvents(record_id, wanted), EventsListed)).events:
            events += page
            wanted = page[-1].sequence + 1
            if len(events) > MAX_VAULT_EVENTS:
                raise VaultMisbehaves(self.vault, "Its log has no end.")
        self._require_log(record_id, events)
        return events

    async def require_possession(self, part: VaultPart, nonce: bytes) -> None:
        """Have it prove that it still has the share of ``part``, without a guess.

        Args:
            nonce: 32 random bytes, for this question alone.

        Raises:
            VaultMisbehaves: it has not.
        """
        answer = await self._ask(ProvePossession(part.record_id, nonce), PossessionProven)
        question = PossessionQuestion(self.vault.key, part.record_id, nonce)
        try:
            public = Element.decode_untrusted(part.public_share)
            verify_possession(public, question, Proof.decode_untrusted(answer.proof))
        except (BadElement, BadProof) as error:
            raise VaultMisbehaves(self.vault, "It cannot prove that it has its share.") from error

    def _require_name(self) -> None:
        name = self._connection.welcome.name
        if name != self.vault.name:
            raise VaultMisbehaves(self.vault, f"It goes by the name {name}.")

    def _require_log(self, record_id: bytes, events: list[VaultEvent]) -> None:
        try:
            verify_log(self.vault.key, record_id, events)
        except BrokenLog as error:
            why = f"Its log is not whole, or not signed by it, at entry {error.sequence}."
            raise VaultMisbehaves(self.vault, why) from error

    async def _ask(self, request: Request, expected: type[A]) -> A:
        with _named(self.vault):
            return await ask_patiently(self._connection, request, expected)


@asynccontextmanager
async def open_vault(vault: Vault, dialer: Dialer = dial) -> AsyncIterator[VaultClient]:
    """Connect to a vault for the block.

    Raises:
        VaultUnreachable: nothing answers there, or what answers is no vault.
        VaultKeyChanged: it shows another key; nothing was sent to it.
        RefusedByVault: it speaks no version of the protocol that this program knows.
    Cost: at most twice GREETING_TIMEOUT_MS of waiting.
    """
    async with AsyncExitStack() as stack:
        with _named(vault):
            dialed = await dialer(address_of(vault))
            connection = await stack.enter_async_context(opened(VaultConnection(dialed)))
        yield VaultClient(vault, connection)


@contextmanager
def _named(vault: Vault) -> Iterator[None]:
    """Turn what the connection says of "the relay" into errors about this vault."""
    try:
        yield
    except RelayRefusal as error:
        raise RefusedByVault(vault, error) from error
    except RelayUnreachable as error:
        raise VaultUnreachable(vault, error.why) from error
    except TrustOpen as error:
        raise VaultKeyChanged(vault, error.why) from error
    except BadAddress as error:
        raise VaultUnreachable(vault, f"It has no usable address: {error.reason}.") from error
