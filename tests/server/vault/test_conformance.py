"""The service says what the pure decisions say, request by request, and keeps it."""

import random
from dataclasses import replace
from pathlib import Path

import pytest
import trio.testing

from protocol.ids import Name
from protocol.packing import repacked
from protocol.recovery import vault
from protocol.recovery.dleq import Proof
from protocol.recovery.errors import VaultRefuses
from protocol.recovery.evaluation import (
    EvaluationAnswer,
    EvaluationRequest,
    UnlockRequest,
    verified_element,
)
from protocol.recovery.events import VaultEvent, verify_log
from protocol.recovery.group import Element
from protocol.recovery.owner import Deletion, HeadPlacement, sign_deletion, sign_head
from protocol.recovery.possession import PossessionQuestion, verify_possession
from protocol.recovery.registration import Registration
from protocol.signing import public_key_of
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
from tests.protocol.recovery.cast import OWNER, FakeVault, cast
from tests.support.vault_rig import VaultRig, vault_rig

MINUTE_MS = 60_000


def head_at(rig: VaultRig, epoch: int, head: bytes) -> PlaceHead:
    key = public_key_of(rig.party.vaults[1].key)
    return repacked(PlaceHead, sign_head(OWNER, key, rig.record_id, epoch, head))


def deletion_at(rig: VaultRig) -> DeleteRecord:
    key = public_key_of(rig.party.vaults[1].key)
    return repacked(DeleteRecord, sign_deletion(OWNER, key, rig.record_id))


class Oracle:
    """The same requests, answered by the pure decisions over a dictionary."""

    def __init__(self, rig: VaultRig) -> None:
        self.rig = rig
        self.fake: FakeVault = rig.party.vaults[1]
        self.fake.disk.clear()
        self.fake.log.clear()

    def answer_to(self, request: Request) -> object:
        """Give the answer, or what of it does not depend on chance."""
        self.fake.now_ms = self.rig.clock()
        try:
            return self._answer_to(request)
        except VaultRefuses as refusal:
            return Refused(32 + refusal.reason, refusal.retry_after_ms)

    def _answer_to(self, request: Request) -> object:
        fake = self.fake
        match request:
            case RegisterRecord():
                return fake.register(repacked(Registration, request))
            case Evaluate():
                answer = fake.evaluate(repacked(EvaluationRequest, request))
                return answer.element, answer.guesses_left
            case Unlock():
                fake.unlock(repacked(UnlockRequest, request))
            case PlaceHead():
                fake.place_head(repacked(HeadPlacement, request))
            case DeleteRecord():
                fake.delete(repacked(Deletion, request))
            case GetRecordStatus():
                found = vault.status(fake.stored(request.record_id), fake.now_ms)
                return found.state, found.guesses_left, found.retry_after_ms
            case _:
                raise AssertionError(request)
        return None


def told(answer: Answer) -> object:
    """Give of the service's answer what the oracle gives."""
    match answer:
        case Evaluated():
            return answer.element, answer.guesses_left
        case RecordStatus():
            return answer.state, answer.guesses_left, answer.retry_after_ms
        case RecordRegistered():
            return answer.receipt
        case Unlocked() | HeadPlaced() | RecordDeleted():
            return None
        case _:
            return answer


def any_request(rig: VaultRig, rng: random.Random) -> Request:
    unknown = bytes(16)
    drawn: list[Request] = [
        rig.registering(),
        replace(rig.registering(), limit=4),
        rig.evaluate(),
        rig.evaluate("right"),
        rig.evaluate(),
        Evaluate(rig.record_id, bytes(32)),
        Evaluate(unknown, bytes(32)),
        rig.unlock(),
        replace(rig.unlock(), tag=bytes(32)),
        head_at(rig, rng.randrange(1, 4), rng.choice([b"one", b"two"])),
        replace(head_at(rig, 9, b"head"), head=b"other"),
        replace(deletion_at(rig), signature=bytes(64)),
        GetRecordStatus(rig.record_id),
        GetRecordStatus(unknown),
    ]
    return rng.choice(drawn)


@pytest.mark.parametrize("history", range(3))
async def test_it_answers_as_the_pure_decisions(
    tmp_path: Path, rng: random.Random, history: int
) -> None:
    async with vault_rig(tmp_path, cast(f"history {history}")) as rig:
        oracle = Oracle(rig)
        client = await rig.greeted()
        for step in range(120):
            rig.clock.advance(rng.choice([0, 0, 1_000, MINUTE_MS, 10 * MINUTE_MS, 60 * MINUTE_MS]))
            request = deletion_at(rig) if step == 100 else any_request(rig, rng)
            expected = oracle.answer_to(request)
            assert told(await client.ask(request)) == expected, request
        stored = await rig.store.read(rig.record_id)
        assert stored is not None
        assert stored.encode() == oracle.fake.disk[rig.record_id]
        assert await whole_log(rig) == oracle.fake.log


async def whole_log(rig: VaultRig) -> list[VaultEvent]:
    events: list[VaultEvent] = []
    while page := (await rig.ask_for(EventsListed, GetEvents(rig.record_id, len(events)))).events:
        events += page
    verify_log(public_key_of(rig.party.vaults[1].key), rig.record_id, events)
    return events


async def test_an_evaluation_is_proven(tmp_path: Path) -> None:
    async with vault_rig(tmp_path) as rig:
        await rig.register()
        request = rig.evaluate()
        answer = await rig.ask_for(Evaluated, request)
        public = Element.decode_untrusted(rig.registration.public_share)
        asked = Element.decode_untrusted(request.element)
        verified_element(public, asked, repacked(EvaluationAnswer, answer))


async def test_possession_is_proven_and_is_no_guess(tmp_path: Path) -> None:
    async with vault_rig(tmp_path) as rig:
        await rig.register()
        nonce = bytes(range(32))
        answer = await rig.ask_for(PossessionProven, ProvePossession(rig.record_id, nonce))
        key = public_key_of(rig.party.vaults[1].key)
        public = Element.decode_untrusted(rig.registration.public_share)
        question = PossessionQuestion(key, rig.record_id, nonce)
        verify_possession(public, question, Proof.decode_untrusted(answer.proof))
        assert await rig.left() == 5


async def test_the_newest_head_is_given(tmp_path: Path) -> None:
    async with vault_rig(tmp_path) as rig:
        await rig.register()
        assert await rig.ask(GetHead(rig.record_id)) == PlacedHead(0, b"")
        await rig.ask_for(HeadPlaced, head_at(rig, 3, b"head"))
        assert await rig.ask(GetHead(rig.record_id)) == PlacedHead(3, b"head")
        await rig.ask_for(RecordDeleted, deletion_at(rig))
        assert await rig.ask(GetHead(rig.record_id)) == Refused(Refusal.VAULT_DELETED, None)


async def test_a_log_comes_in_pages_and_keeps_the_newest(tmp_path: Path) -> None:
    async with vault_rig(tmp_path) as rig:
        await rig.register()
        for _ in range(60):
            await rig.ask_for(Evaluated, rig.evaluate())
            await rig.ask_for(Unlocked, rig.unlock())
        assert len(await whole_log(rig)) == 121
        past_the_end = GetEvents(rig.record_id, (1 << 64) - 1)
        assert await rig.ask(past_the_end) == EventsListed(())


async def test_greeting_and_ping(tmp_path: Path) -> None:
    async with vault_rig(tmp_path) as rig:
        client = rig.connect()
        welcome = await client.ask_for(VaultWelcome, VaultHello(1, 9))
        key = public_key_of(rig.party.vaults[1].key)
        assert welcome == VaultWelcome(1, key, Name("vault-1"), rig.clock())
        assert await client.ask(Ping()) == Pong(rig.clock())


@pytest.mark.parametrize(
    ("hello", "refusal"),
    [
        (Hello(1, 1), Refusal.WRONG_SERVICE),
        (VaultHello(2, 9), Refusal.UNSUPPORTED_VERSION),
    ],
)
async def test_who_cannot_be_served_is_told(
    tmp_path: Path, hello: Request, refusal: Refusal
) -> None:
    async with vault_rig(tmp_path) as rig:
        client = rig.connect()
        assert await client.ask(hello) == Refused(refusal, None)
        await client.wait_for_end()


async def test_a_share_that_is_no_scalar_ends_the_connection(tmp_path: Path) -> None:
    async with vault_rig(tmp_path) as rig:
        client = await rig.greeted()
        await client.send([replace(rig.registering(), share=b"\xff" * 32)])
        await client.wait_for_end()
        await trio.testing.wait_all_tasks_blocked()
        assert "bad bytes" in rig.events("connection-closed")[-1]["reason"]
