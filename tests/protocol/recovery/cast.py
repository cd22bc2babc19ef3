"""A password's owner, its vaults on fake disks, and all that each of them ever received."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import chain, count
from typing import Any

from protocol.ids import Name
from protocol.packing import pack
from protocol.recovery import upkeep, vault
from protocol.recovery.decision import Decision
from protocol.recovery.evaluation import EvaluationAnswer, EvaluationRequest, UnlockRequest
from protocol.recovery.events import VaultEvent
from protocol.recovery.oprf import OprfInput
from protocol.recovery.owner import Deletion, HeadPlacement
from protocol.recovery.record import Vault
from protocol.recovery.recovering import Recovery
from protocol.recovery.registration import Registration
from protocol.recovery.set_up import Guard, SetUp, set_up
from protocol.recovery.stretching import Stretching
from protocol.recovery.vault_record import VaultRecord
from protocol.signing import SigningKey, public_key_of
from tests.support.randomness import SeededBytes

HOUR_MS = 3_600_000
SALT = b"a salt of 16 b.."
OWNER = SigningKey(b"o" * 32)


class Killed(Exception):
    """The vault's process died here."""


def stretched(password: str) -> OprfInput:
    """Stand in for Argon2id, whose price these tests need not pay."""
    return OprfInput(sha256(SALT + password.encode()).digest())


@dataclass
class FakeVault:
    """The service around a vault's decisions: it stores before it answers. The clock is ours."""

    name: str
    draw: SeededBytes
    key: SigningKey
    now_ms: int = HOUR_MS
    disk: dict[bytes, bytes] = field(default_factory=dict)
    log: list[VaultEvent] = field(default_factory=list)
    received: list[Any] = field(default_factory=list)
    answered: int = 0
    killed_at: str = ""
    """``before storing`` or ``before answering``."""

    @property
    def place(self) -> Vault:
        return Vault(Name(self.name), f"{self.name}.example:7700", public_key_of(self.key))

    def stored(self, record_id: bytes) -> VaultRecord | None:
        """Read the record from the disk, settled."""
        data = self.disk.get(record_id)
        if data is None:
            return None
        self._store(vault.settle(VaultRecord.decode(data), self.now_ms, self.key))
        return VaultRecord.decode(self.disk[record_id])

    def register(self, registration: Registration) -> VaultEvent:
        self.received.append(registration)
        stored = self.stored(registration.record_id)
        decision = vault.register(stored, registration, self.now_ms, self.key)
        self._store(decision)
        return vault.receipt(decision.record, self.key)

    def evaluate(self, request: EvaluationRequest) -> EvaluationAnswer:
        self.received.append(request)
        stored = self.stored(request.record_id)
        counted = vault.count_guess(stored, request, self.now_ms, self.key)
        self._store(counted.decision)
        answer = vault.answer_guess(counted, self.draw)
        self.answered += 1
        return answer

    def unlock(self, request: UnlockRequest) -> None:
        self.received.append(request)
        self._store(vault.unlock(self.stored(request.record_id), request, self.now_ms, self.key))

    def place_head(self, placed: HeadPlacement) -> None:
        self.received.append(placed)
        self._store(upkeep.place_head(self.stored(placed.record_id), placed, self.now_ms, self.key))

    def delete(self, deletion: Deletion) -> None:
        self._store(upkeep.delete(self.stored(deletion.record_id), deletion, self.now_ms, self.key))

    def _store(self, decision: Decision) -> None:
        if self.killed_at == "before storing":
            raise Killed
        self.disk[decision.record.record_id] = decision.record.encode()
        self.log += decision.events
        if self.killed_at == "before answering" and decision.events:
            raise Killed


@dataclass
class Cast:
    """A password that was set up, and the vaults that took it."""

    draw: SeededBytes
    vaults: dict[int, FakeVault]
    made: SetUp

    def left(self) -> dict[int, int]:
        """Ask each vault how many guesses are left, of those that do not make us wait."""
        found = {}
        for index, each in self.vaults.items():
            record_id = self.made.record.part(index).record_id
            told = vault.status(each.stored(record_id), each.now_ms)
            if told.retry_after_ms == 0:
                found[index] = told.guesses_left
        return found

    def wait(self, time_ms: int = HOUR_MS) -> None:
        for each in self.vaults.values():
            each.now_ms += time_ms

    def wait_as_told(self) -> None:
        """Let no more time pass than each vault asks for."""
        for index, each in self.vaults.items():
            stored = each.stored(self.made.record.part(index).record_id)
            each.now_ms += vault.status(stored, each.now_ms).retry_after_ms

    def guess(self, password: str) -> Recovery:
        """Blind, ask, combine: up to where the slot is tried."""
        recovery = Recovery(self.made.record, self.left(), stretched(password), self.draw)
        while requests := recovery.requests():
            for index, request in requests:
                recovery.receive(index, self.vaults[index].evaluate(request))
        return recovery

    def opens(self, recovery: Recovery) -> bool:
        """Try the slot, and tell the machine."""
        if recovery.secret() != self.made.secret:
            recovery.slot_refused()
            return False
        for index, request in recovery.slot_opened():
            self.vaults[index].unlock(request)
        return True


def cast(seed: str, threshold: int = 2, count: int = 3, password: str = "right") -> Cast:
    """Set a password up with ``count`` vaults."""
    draw = SeededBytes(seed)
    vaults = {
        index: FakeVault(f"vault-{index}", draw, SigningKey(draw(32)))
        for index in range(1, count + 1)
    }
    guard = Guard(tuple(each.place for each in vaults.values()), threshold, public_key_of(OWNER))
    made = set_up(stretched(password), Stretching(SALT), guard, draw)
    for index, registration in enumerate(made.registrations, 1):
        vaults[index].register(registration)
    return Cast(draw, vaults, made)


def all_bytes(values: list[Any]) -> bytes:
    """Give everything that was received, as it travelled."""
    return b"".join(map(pack, values))


def wrong_passwords() -> Iterator[str]:
    """Give passwords without end, none of them right."""
    return chain(("", "Right", "right "), (f"wrong {number}" for number in count()))
