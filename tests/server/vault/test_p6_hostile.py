"""P6 at a vault: floods are refused with the time to wait, slow peers end, nobody else notices."""

import random
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import trio
import trio.testing

from protocol.limits import GREETING_TIMEOUT_MS, IDLE_TIMEOUT_MS, VAULT_ADDRESS_WORK_AT_ONCE
from protocol.wire.codec import encode
from protocol.wire.framing import frame
from protocol.wire.messages import (
    Evaluated,
    EventsListed,
    GetEvents,
    GetRecordStatus,
    Hello,
    RecordRegistered,
    RecordStatus,
    Refusal,
    Refused,
    VaultHello,
)
from server.limits.source import source_of
from tests.support.vault_rig import VaultRig, vault_rig
from tests.support.wire_client import WireClient

NEAR, FAR = source_of("192.0.2.1", 1), source_of("192.0.2.2", 2)
HELLO_BYTES = frame(encode(VaultHello(1, 1), 1))
SLACK_SECONDS = 2


def tally(answers: list[object]) -> Counter[str]:
    return Counter(
        Refusal(each.code).name if isinstance(each, Refused) else type(each).__name__
        for each in answers
    )


async def flood(client: WireClient, rig: VaultRig, count: int) -> list[object]:
    answers: list[object] = []
    for _ in range(0, count, 32):
        answers += await client.ask_all([GetRecordStatus(rig.record_id)] * 32)
    return answers


async def test_p6_a_flood_is_refused_and_the_others_served(tmp_path: Path) -> None:
    async with vault_rig(tmp_path) as rig:
        await rig.register()
        attacker = await rig.greeted(source=FAR)
        got = tally(await flood(attacker, rig, 640))
        assert VAULT_ADDRESS_WORK_AT_ONCE <= got["RecordStatus"] <= VAULT_ADDRESS_WORK_AT_ONCE + 99
        assert got["RATE_LIMITED"] > 100
        someone = await rig.greeted(source=NEAR)
        assert isinstance(await someone.ask(rig.evaluate()), Evaluated)


async def test_p6_the_time_to_wait_is_true(autojump_clock: object, tmp_path: Path) -> None:
    async with vault_rig(tmp_path) as rig:
        await rig.register()
        attacker = await rig.greeted(source=FAR)
        await flood(attacker, rig, 640)
        refused = await attacker.ask(GetRecordStatus(rig.record_id))
        assert isinstance(refused, Refused)
        assert refused.retry_after_ms is not None
        await trio.sleep(refused.retry_after_ms / 1_000)
        assert isinstance(await attacker.ask(GetRecordStatus(rig.record_id)), RecordStatus)


async def test_p6_registrations_of_one_address_are_bounded(
    tmp_path: Path, rng: random.Random
) -> None:
    async with vault_rig(tmp_path) as rig:
        attacker = await rig.greeted(source=FAR)
        answers: list[object] = [
            await attacker.ask(replace(rig.registering(), record_id=rng.randbytes(16)))
            for _ in range(35)
        ]
        got = tally(answers)
        assert got == {"RecordRegistered": 30, "RATE_LIMITED": 5}
        someone = await rig.greeted(source=NEAR)
        assert isinstance(await someone.ask(rig.registering()), RecordRegistered)


async def test_p6_a_guess_refused_by_the_rates_is_not_counted(tmp_path: Path) -> None:
    async with vault_rig(tmp_path) as rig:
        await rig.register()
        attacker = await rig.greeted(source=FAR)
        await flood(attacker, rig, 640)
        refused = await attacker.ask(rig.evaluate())
        assert isinstance(refused, Refused)
        assert refused.code == Refusal.RATE_LIMITED
        assert await rig.left() == 5


@pytest.mark.parametrize(
    ("greets", "pause", "timeout_ms"),
    [(False, 2.0, GREETING_TIMEOUT_MS), (True, 60.0, IDLE_TIMEOUT_MS)],
)
async def test_p6_slow_peers_end(
    autojump_clock: object, tmp_path: Path, greets: bool, pause: float, timeout_ms: int
) -> None:
    async with vault_rig(tmp_path) as rig:
        clients = [
            await rig.greeted(source=FAR) if greets else rig.connect(source=FAR) for _ in range(10)
        ]
        for client in clients:
            rig.nursery.start_soon(_trickle, client, HELLO_BYTES * 99, pause)
        with trio.fail_after(timeout_ms / 1_000 + SLACK_SECONDS):
            for client in clients:
                await client.wait_for_end()
        assert not rig.vault._connections


async def _trickle(client: WireClient, data: bytes, seconds: float) -> None:
    with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
        for at in range(len(data)):
            await client.stream.send_all(data[at : at + 1])
            await trio.sleep(seconds)


async def test_p6_a_greeted_client_may_be_silent_for_a_while(
    autojump_clock: object, tmp_path: Path
) -> None:
    async with vault_rig(tmp_path) as rig:
        await rig.register()
        client = await rig.greeted()
        await trio.sleep(5 * GREETING_TIMEOUT_MS / 1_000)
        assert isinstance(await client.ask(rig.evaluate()), Evaluated)


async def test_p6_pages_of_a_log_are_in_memory_one_at_a_time(
    autojump_clock: object, tmp_path: Path
) -> None:
    async with vault_rig(tmp_path) as rig:
        await rig.register()
        client = await rig.greeted(trio.testing.lockstep_stream_pair)
        await client.send([GetEvents(rig.record_id, 0)] * 20)
        await trio.testing.wait_all_tasks_blocked()
        (connection,) = rig.vault._connections
        places = connection._writer._outbox._places
        assert sum(isinstance(place.answer, EventsListed) for place in places) <= 1
        await client.aclose()


@pytest.mark.parametrize(
    "noise", [b"\x00", b"GET / HTTP/1.1\r\n\r\n", frame(encode(Hello(1, 1), 1)) + b"\x00" * 9]
)
async def test_p6_wrong_bytes_end_their_own_connection(tmp_path: Path, noise: bytes) -> None:
    async with vault_rig(tmp_path) as rig:
        await rig.register()
        other = await rig.greeted()
        client = rig.connect()
        with suppress(trio.BrokenResourceError):
            await client.stream.send_all(noise)
        await client.aclose()
        assert isinstance(await other.ask(rig.evaluate()), Evaluated)
