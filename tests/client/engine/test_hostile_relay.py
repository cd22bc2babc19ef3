"""A relay that says what it may not: the engine names the problem, comes back, and stays small."""

import random
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path

import pytest
import trio

from client.network.address import RelayAddress
from client.network.transport import Dialed
from client.values import Connection
from protocol.ids import EnvelopeId
from protocol.wire.codec import encode
from protocol.wire.framing import frame
from protocol.wire.messages import (
    Accepted,
    Answer,
    Closing,
    Deliver,
    Displaced,
    FetchSealingKey,
    Ping,
    Pong,
    PrekeysLow,
    PrekeysStored,
    Refusal,
    Refused,
    Request,
    SetToken,
    Subscribe,
    Subscribed,
    TokenSet,
    UploadPrekeys,
    Welcome,
)
from tests.client.engine.world import World, small_world
from tests.client.network.scripted_relay import CLOCK_MS, NONCE, RELAY_KEY, ScriptedRelay, wired

Script = Callable[[ScriptedRelay], Awaitable[None]]


async def garbage(relay: ScriptedRelay) -> None:
    await relay.stream.send_all(random.Random(1).randbytes(1_000))


async def garbage_after_login(relay: ScriptedRelay) -> None:
    await relay.greet()
    await relay.log_in()
    await garbage(relay)


async def answers_to_nothing(relay: ScriptedRelay) -> None:
    await relay.greet()
    await relay.log_in()
    await relay.stream.send_all(frame(encode(Accepted(1), 4_000_000_000)))


async def wrong_answer(relay: ScriptedRelay) -> None:
    await relay.greet()
    await relay.log_in()
    asked = await relay.asked()
    await relay.stream.send_all(frame(encode(Pong(1), asked.request_id)))


async def pushes_before_login(relay: ScriptedRelay) -> None:
    await relay.greet()
    await relay.stream.send_all(frame(encode(PrekeysLow(0), 0)))


async def a_flood_of_pushes(relay: ScriptedRelay) -> None:
    await relay.greet()
    await relay.log_in()
    for number in range(10_000):
        push = Deliver(number, EnvelopeId(number.to_bytes(16, "big")), 1, None, b"x" * 1_000)
        await relay.stream.send_all(frame(encode(push, 0)))


async def a_version_never_offered(relay: ScriptedRelay) -> None:
    asked = await relay.asked()
    welcome = Welcome(7, RELAY_KEY, NONCE, CLOCK_MS)
    await relay.stream.send_all(frame(encode(welcome, asked.request_id)))


async def goodbye_at_once(relay: ScriptedRelay) -> None:
    await relay.greet()
    await relay.push(Closing(0))


async def a_year_of_waiting(relay: ScriptedRelay) -> None:
    await relay.greet()
    await relay.push(Closing(365 * 24 * 3_600_000))


async def refuses_the_login(relay: ScriptedRelay) -> None:
    await relay.greet()
    await relay.answer_next(Refused(Refusal.RATE_LIMITED, 5_000))


async def a_refusal_of_tomorrow(relay: ScriptedRelay) -> None:
    await relay.greet()
    await relay.answer_next(Refused(4_711, None))


async def silence(relay: ScriptedRelay) -> None:
    await trio.sleep_forever()


async def silence_after_login(relay: ScriptedRelay) -> None:
    await relay.greet()
    await relay.log_in()
    await trio.sleep_forever()


SCRIPTS: list[Script] = [
    garbage,
    garbage_after_login,
    answers_to_nothing,
    wrong_answer,
    pushes_before_login,
    a_flood_of_pushes,
    a_version_never_offered,
    goodbye_at_once,
    a_year_of_waiting,
    refuses_the_login,
    a_refusal_of_tomorrow,
    silence,
    silence_after_login,
]


class Impostor:
    """Answers the first dials by a script, and leaves the others to the real relay."""

    def __init__(self, world: World, nursery: trio.Nursery, scripts: list[Script]) -> None:
        self._real = world.dial
        self._nursery = nursery
        self._scripts = scripts

    async def dial(self, address: RelayAddress) -> Dialed:
        await trio.lowlevel.checkpoint()
        if not self._scripts:
            return await self._real(address)
        dialed, relay = wired()
        self._nursery.start_soon(_play, self._scripts.pop(0), relay)
        return dialed


async def _play(script: Script, relay: ScriptedRelay) -> None:
    try:
        await script(relay)
        while await relay.stream.receive_some():
            pass
    except trio.BrokenResourceError:
        return


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.__name__)
async def test_p6_the_problem_is_named_and_the_engine_comes_back(
    autojump_clock: object, tmp_path: Path, rng: random.Random, script: Script
) -> None:
    async with small_world(tmp_path, rng) as world, world.person("bob") as bob:
        await world.register("alice")
        async with trio.open_nursery() as nursery:
            world.dial = Impostor(world, nursery, [script] * 3).dial  # type: ignore[method-assign]
            async with world.engine("alice") as alice:
                await alice.say("bob", "in spite of it all")
                problems = []
                async with alice.engine.events() as events:
                    with trio.fail_after(1_000):
                        while alice.engine.connection is not Connection.OFFLINE:
                            await events.receive()
                    problems.append(alice.engine.last_problem)
                assert all(problem is not None and problem.reason for problem in problems)
                assert await bob.hears("alice", 1, 2_000) == ["in spite of it all"]
                await alice.all_delivered("bob")
                assert alice.engine.last_problem is None
            nursery.cancel_scope.cancel()


async def test_a_displaced_receiver_does_not_fight(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    subscribed_at: list[float] = []
    answers: dict[type[Request], Answer] = {
        Ping: Pong(CLOCK_MS),
        FetchSealingKey: Refused(Refusal.NO_PREKEYS, None),
        UploadPrekeys: PrekeysStored(100),
        SetToken: TokenSet(),
        Subscribe: Subscribed(0),
    }

    async def displace(relay: ScriptedRelay) -> None:
        await relay.greet()
        await relay.log_in()
        while True:
            asked = await relay.asked()
            answer = answers[type(asked.request)]
            await relay.stream.send_all(relay.link.answer(asked.request_id, answer))
            if isinstance(asked.request, Subscribe):
                subscribed_at.append(trio.current_time())
                await relay.push(Displaced())

    async with small_world(tmp_path, rng) as world:
        await world.register("alice")
        async with trio.open_nursery() as nursery:
            world.dial = Impostor(world, nursery, [displace]).dial  # type: ignore[method-assign]
            async with world.engine("alice") as alice:
                await alice.engine.wait_online(20)
                await trio.sleep(5)
                problem = alice.engine.last_problem
                assert problem is not None
                assert "Another program" in problem.what
                await trio.sleep(90)
            nursery.cancel_scope.cancel()
    pauses = [after - before for before, after in pairwise(subscribed_at)]
    assert len(pauses) >= 2
    assert min(pauses) > 29


async def test_a_login_the_relay_does_not_know_is_told_with_what_to_do(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with small_world(tmp_path / "first", rng) as world:
        await world.register("alice")
        home = world.home
    async with small_world(home, rng) as wiped:
        wiped.home = home
        async with wiped.engine("alice") as alice:
            with pytest.raises(Exception, match="refused") as caught:
                await alice.engine.wait_online(20)
            assert "register" in caught.value.hint  # type: ignore[attr-defined]
        await wiped.register("alice")
        async with wiped.engine("alice") as alice:
            await alice.engine.wait_online(20)
            assert alice.engine.last_problem is None
