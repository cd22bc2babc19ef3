"""A vault's client: at a vault, at a lying one, at none."""

import random
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import trio
import trio.testing

from client.errors import ExitCode, RelayUnreachable, TrustOpen
from client.network.address import RelayAddress
from client.network.certificate import fingerprint_of
from client.network.transport import Dialed, dial
from client.network.vault_errors import (
    RefusedByVault,
    VaultKeyChanged,
    VaultMisbehaves,
    VaultUnreachable,
)
from client.network.vaults import VaultClient, open_vault
from protocol.ids import Name
from protocol.recovery.errors import VaultRefusal
from protocol.recovery.evaluation import EvaluationRequest, UnlockRequest
from protocol.recovery.events import EventKind, Happening, LogEnd, VaultEvent, append
from protocol.recovery.owner import sign_deletion, sign_head
from protocol.recovery.vault_record import VaultState
from protocol.wire.messages import (
    Answer,
    EventsListed,
    PossessionProven,
    RecordRegistered,
    RecordStatus,
    Refused,
    VaultWelcome,
)
from server.limits.rate import Rate
from server.limits.source import source_of
from server.vault.tolls import VAULT_LIMITS
from tests.client.network.scripted_relay import ScriptedRelay
from tests.protocol.recovery.cast import OWNER, Cast, cast
from tests.support.relay_rig import relay_rig
from tests.support.vault_rig import Setting, VaultRig, vault_rig

PARTY = cast("client of vaults")
VAULT = PARTY.made.record.part(1).vault
RECORD_ID = PARTY.made.record.part(1).record_id
REGISTRATION = PARTY.made.registrations[0]
FAR = source_of("192.0.2.9", 1)


def reaching(
    stream: trio.abc.Stream, key: bytes = VAULT.key
) -> AbstractAsyncContextManager[VaultClient]:
    """Give the party's first vault at the other end of ``stream``."""

    async def dialer(address: RelayAddress) -> Dialed:
        assert address.fingerprint == fingerprint_of(VAULT.key)
        await trio.lowlevel.checkpoint()
        return Dialed(stream, key, fingerprint_of(key))

    return open_vault(VAULT, dialer)


@asynccontextmanager
async def at(rig: VaultRig) -> AsyncIterator[VaultClient]:
    async with reaching(rig.connect().stream) as client:
        yield client


def element(rig: VaultRig) -> EvaluationRequest:
    return EvaluationRequest(RECORD_ID, rig.evaluate().element)


# --- at a vault -------------------------------------------------------------


async def test_from_registration_to_deletion(tmp_path: Path) -> None:
    async with vault_rig(tmp_path, PARTY) as rig, at(rig) as client:
        receipt = await client.register(REGISTRATION)
        assert receipt == await client.register(REGISTRATION)
        answer = await client.evaluate(element(rig))
        assert answer.guesses_left == (await client.status(RECORD_ID)).guesses_left == 4
        await client.unlock(UnlockRequest(RECORD_ID, REGISTRATION.tag))
        assert await client.head(RECORD_ID) == (0, b"")
        await client.place_head(sign_head(OWNER, VAULT.key, RECORD_ID, 1, b"head"))
        assert await client.head(RECORD_ID) == (1, b"head")
        await client.require_possession(PARTY.made.record.part(1), bytes(32))
        await client.delete(sign_deletion(OWNER, VAULT.key, RECORD_ID))
        assert (await client.status(RECORD_ID)).state is VaultState.DELETED
        events = await client.events(RECORD_ID)
        assert [each.kind for each in events] == [
            EventKind.REGISTERED,
            EventKind.GUESSED,
            EventKind.UNLOCKED,
            EventKind.HEAD_PLACED,
            EventKind.DELETED,
        ]


async def test_a_refusal_names_the_vault_the_reason_and_the_wait(tmp_path: Path) -> None:
    async with vault_rig(tmp_path, PARTY) as rig, at(rig) as client:
        await client.register(REGISTRATION)
        for _ in range(3):
            await client.evaluate(element(rig))
        with pytest.raises(RefusedByVault) as caught:
            await client.evaluate(element(rig))
        error = caught.value
        assert (error.refusal, error.retry_after_ms) == (VaultRefusal.TOO_SOON, 60_000)
        assert error.exit_code is ExitCode.REFUSED
        assert VAULT.name in error.what
        assert "wrong passwords" in error.why
        assert error.hint == "Wait, then try again (in 60 s)."


async def test_it_waits_when_it_is_asked_to(autojump_clock: object, tmp_path: Path) -> None:
    limits = replace(VAULT_LIMITS, address=Rate(1, 20), registrations=Rate(1, 9))
    async with vault_rig(Setting(tmp_path, limits=limits), PARTY) as rig:
        await rig.register()
        from_afar = rig.connect(source=FAR).stream
        async with reaching(from_afar) as client:
            before = trio.current_time()
            for _ in range(30):
                await client.status(RECORD_ID)
            assert trio.current_time() - before >= 9


# --- at no vault ------------------------------------------------------------


async def test_nothing_answers() -> None:
    listener = (await trio.open_tcp_listeners(0, host="127.0.0.1"))[0]
    port = listener.socket.getsockname()[1]
    await listener.aclose()
    gone = replace(VAULT, address=f"127.0.0.1:{port}")
    with pytest.raises(VaultUnreachable, match="cannot be reached") as caught:
        async with open_vault(gone):
            raise AssertionError
    assert caught.value.exit_code is ExitCode.UNREACHABLE
    assert caught.value.why == "Nothing listens on that port."


async def test_a_forged_address_is_not_connected_to() -> None:
    with pytest.raises(VaultUnreachable, match="cannot be reached") as caught:
        async with open_vault(replace(VAULT, address="nonsense"), dial):
            raise AssertionError
    assert "no usable address" in caught.value.why


async def test_a_relay_is_no_vault(rng: random.Random) -> None:
    async with relay_rig(rng, public_key=VAULT.key) as rig:
        with pytest.raises(RefusedByVault) as caught:
            async with reaching(rig.connect().stream):
                raise AssertionError
        assert "a vault is no relay" in caught.value.why


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (TrustOpen("The relay shows another key.", why="Pinned: x. Shown: y."), VaultKeyChanged),
        (RelayUnreachable("The relay cannot be reached.", why="It is gone."), VaultUnreachable),
    ],
)
async def test_what_stops_the_dialling_is_said_of_the_vault(
    error: Exception, expected: type[Exception]
) -> None:
    async def dialer(_address: RelayAddress) -> Dialed:
        raise error

    with pytest.raises(expected) as caught:
        async with open_vault(VAULT, dialer):
            raise AssertionError
    assert f"The vault {VAULT.name} at {VAULT.address}" in str(caught.value)


async def test_errors_of_the_block_pass(tmp_path: Path) -> None:
    async with vault_rig(tmp_path, PARTY) as rig:
        with pytest.raises(RelayUnreachable, match="another"):
            async with at(rig):
                raise RelayUnreachable("another relay")


# --- at a lying vault -------------------------------------------------------


class LyingVault:
    """Answers each request with what a test tells it."""

    def __init__(self, stream: trio.abc.Stream, answers: list[Answer], name: str) -> None:
        self._script = ScriptedRelay(stream)
        self._answers = [VaultWelcome(1, VAULT.key, Name(name), 0), *answers]

    async def run(self) -> None:
        for answer in self._answers:
            await self._script.answer_next(answer)


async def misled(
    ask: Callable[[VaultClient], object], *answers: Answer, name: str = VAULT.name
) -> VaultMisbehaves:
    ours, theirs = trio.testing.memory_stream_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(LyingVault(theirs, list(answers), name).run)
        async with reaching(ours) as client:
            with pytest.raises(VaultMisbehaves) as caught:
                await ask(client)  # type: ignore[misc]
        nursery.cancel_scope.cancel()
    assert caught.value.exit_code is ExitCode.TRUST
    return caught.value


def lived() -> Cast:
    party = cast("client of vaults")
    party.opens(party.guess("right"))
    return party


def signed(happening: Happening) -> VaultEvent:
    """Sign the first entry of a log."""
    return append(LogEnd(), RECORD_ID, happening, PARTY.vaults[1].key)[1]


LOG = lived().vaults[1].log
"""Registered, guessed, unlocked."""


@pytest.mark.parametrize(
    "receipt",
    [
        replace(LOG[0], signature=bytes(64)),
        LOG[1],
        cast("client of vaults").vaults[2].log[0],
        replace(LOG[0], time_ms=1),
        signed(Happening(EventKind.REGISTERED, 0, 0, bytes(32))),
        signed(Happening(EventKind.GUESSED, 0, 1, REGISTRATION.digest())),
    ],
)
async def test_a_receipt_for_something_else_is_noticed(receipt: VaultEvent) -> None:
    await misled(lambda client: client.register(REGISTRATION), RecordRegistered(receipt))


async def test_a_vault_of_another_name_gets_no_share() -> None:
    error = await misled(lambda client: client.register(REGISTRATION), name="south")
    assert "south" in error.why


@pytest.mark.parametrize(
    "events",
    [
        (LOG[0], LOG[2]),
        (LOG[1], LOG[0]),
        (LOG[0], replace(LOG[1], guesses=0)),
        tuple(LOG[:1]) * 2,
    ],
)
async def test_a_log_with_a_gap_is_noticed(events: tuple[VaultEvent, ...]) -> None:
    await misled(lambda client: client.events(RECORD_ID), EventsListed(events), EventsListed(()))


async def test_a_log_without_an_end_is_given_up() -> None:
    page = EventsListed(tuple(LOG[:1]) * 100)
    error = await misled(lambda client: client.events(RECORD_ID), *[page] * 11)
    assert "no end" in error.why


async def test_a_state_that_is_none() -> None:
    await misled(lambda client: client.status(RECORD_ID), RecordStatus(9, 0, 0))


@pytest.mark.parametrize("proof", [bytes(64), b"\xff" * 64])
async def test_a_proof_of_nothing(proof: bytes) -> None:
    part = PARTY.made.record.part(1)
    await misled(lambda client: client.require_possession(part, bytes(32)), PossessionProven(proof))


async def test_a_refusal_of_a_newer_vault_is_a_sentence_too() -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(LyingVault(theirs, [Refused(60_000, None)], VAULT.name).run)
        async with reaching(ours) as client:
            with pytest.raises(RefusedByVault) as caught:
                await client.status(RECORD_ID)
    assert caught.value.refusal is None
    assert "code 60000" in caught.value.why


async def test_another_key_in_the_greeting_is_noticed() -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(LyingVault(theirs, [], VAULT.name).run)
        with pytest.raises(VaultUnreachable) as caught:
            async with reaching(ours, key=bytes(range(32))):
                raise AssertionError
    assert "another key" in caught.value.why
