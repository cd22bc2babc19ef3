"""P2: faults without number, and after each one every message is shown exactly once.

After a fault the network runs until it is quiet; then each side writes once
more, and it runs until it is quiet again: that is one further round trip. Then
nothing may be missing, nothing may stand there twice, and nobody may see more
than one line of the fault (a receipt that did not open is asked for, and never
sent again). ``--faults N`` sets how many; the summary is printed.
"""

import random
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from tests.client.messaging.faults import FAULTS, World

FAULTS_OF_A_WORLD = 20
QUICK_FAULTS = 100
MANY_FAULTS = 1_000


def hunt(seed: str, count: int, folder: Path, kinds: list[str]) -> Counter[str]:
    """Inject ``count`` faults, world after world; give how many of each kind."""
    done: Counter[str] = Counter()
    for number in range(0, count, FAULTS_OF_A_WORLD):
        rng = random.Random(f"{seed} {number}")
        with closing(World.begin(rng, folder)) as world:
            world.chatter()
            world.quieten()
            for _ in range(min(FAULTS_OF_A_WORLD, count - number)):
                kind = rng.choice(kinds)
                done[kind] += 1
                inject(world, kind, f"world {seed} {number}, after {dict(done)}")
            check_no_key_and_nonce_twice(world)
    return done


def inject(world: World, kind: str, where: str) -> None:
    """One fault in the middle of traffic, and its repair."""
    world.let_time_pass()
    lines_before = world.gap_lines()
    world.chatter()
    FAULTS[kind](world, world.rng.choice(world.clients))
    world.chatter()
    world.quieten()
    for client in world.clients:
        world.send(client)
    world.quieten()
    assert not world.missing(), f"{kind}: lost in {where}"
    left = [now - before for now, before in zip(world.gap_lines(), lines_before, strict=True)]
    assert max(left) <= 1, f"{kind}: {left} lines left in {where}"


def check_no_key_and_nonce_twice(world: World) -> None:
    """One place in a chain and one nonce: one ciphertext, also after a disk was put back."""
    bodies: dict[tuple[object, ...], bytes] = {}
    for place, body in world.relay.ratchet_messages(world.clients):
        nonce = body[:12]
        assert bodies.setdefault((place, nonce), body) == body, "a key and a nonce were repeated"


def test_p2_every_fault_is_repaired(
    seed: int, tmp_path: Path, pytestconfig: pytest.Config, capsys: pytest.CaptureFixture[str]
) -> None:
    count = pytestconfig.option.faults or QUICK_FAULTS
    begin = time.monotonic()
    done = hunt(f"{seed}", count, tmp_path, list(FAULTS))
    report(done, time.monotonic() - begin, capsys)


@pytest.mark.slow
def test_p2_a_thousand_faults_are_repaired(
    seed: int, tmp_path: Path, pytestconfig: pytest.Config, capsys: pytest.CaptureFixture[str]
) -> None:
    begin = time.monotonic()
    count = pytestconfig.option.faults or MANY_FAULTS
    done = hunt(f"many {seed}", count, tmp_path, list(FAULTS))
    report(done, time.monotonic() - begin, capsys)


def report(done: Counter[str], seconds: float, capsys: pytest.CaptureFixture[str]) -> None:
    total = done.total()
    kinds = ", ".join(f"{kind} {count}" for kind, count in done.most_common())
    with capsys.disabled():
        print(f"\n{total} of {total} faults repaired, {total / seconds:.0f} a second: {kinds}")
