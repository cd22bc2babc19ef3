"""The repair hunt: fault after fault between two clients, and what must be true after each.

After a fault the network runs until it is quiet; then each side writes once
more, and it runs until it is quiet again: that is one further round trip. Then
nothing may be missing, nothing may stand there twice, no gap may be shown that
is filled, and nobody may see more than one line of the fault (a receipt that
did not open is asked for, and never sent again). Where a fault hit more
messages than may be asked for in an hour, the rest comes in the next one.
"""

import random
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.client.messaging.faults import FAULTS
from tests.client.messaging.hunting import World
from tests.support.repeatable_kem import repeatable_kem

FAULTS_OF_A_WORLD: Final = 20


@dataclass
class Tally:
    """What was injected, and how much of it took another hour."""

    kinds: Counter[str] = field(default_factory=Counter)
    late_count: int = 0

    def __str__(self) -> str:
        total = self.kinds.total()
        kinds = ", ".join(f"{kind} {count}" for kind, count in self.kinds.most_common())
        return f"{total} of {total} faults repaired, {self.late_count} in the next hour: {kinds}"


def hunt(seed: str, count: int, folder: Path, kinds: Sequence[str] = tuple(FAULTS)) -> Tally:
    """Inject ``count`` faults, world after world; the same arguments repeat all of it.

    Raises:
        AssertionError: something was not repaired; it says what, and in which world.
    """
    tally = Tally()
    for number in range(0, count, FAULTS_OF_A_WORLD):
        rng = random.Random(f"{seed} {number}")
        with repeatable_kem(rng), closing(World.begin(rng, folder)) as world:
            world.chatter()
            world.quieten()
            for step in range(min(FAULTS_OF_A_WORLD, count - number)):
                kind = rng.choice(kinds)
                tally.kinds[kind] += 1
                tally.late_count += inject(world, kind, f"world {seed} {number}, fault {step}")
            _require_no_key_and_nonce_twice(world)
    return tally


def inject(world: World, kind: str, where: str) -> bool:
    """One fault in the middle of traffic, and its repair; tell whether that took another hour."""
    world.let_time_pass()
    lines_before = world.gap_lines()
    world.chatter()
    FAULTS[kind](world, world.rng.choice(world.clients))
    world.chatter()
    world.quieten()
    _round_trip(world)
    if late := bool(world.missing()) and world.is_held_back():
        world.let_time_pass()
        _round_trip(world)
    assert not world.missing(), f"{kind}: {world.missing()} lost in {where}"
    assert not world.filled_gaps(), f"{kind}: a gap is filled and shown in {where}"
    left = [now - before for now, before in zip(world.gap_lines(), lines_before, strict=True)]
    assert max(left) <= (2 if late else 1), f"{kind}: {left} lines left in {where}"
    return late


def _round_trip(world: World) -> None:
    for client in world.clients:
        world.send(client)
    world.quieten()


def _require_no_key_and_nonce_twice(world: World) -> None:
    """One place in a chain and one nonce: one ciphertext, also after a disk was put back."""
    bodies: dict[tuple[object, ...], bytes] = {}
    for place, body in world.relay.ratchet_messages(world.clients):
        nonce = body[:12]
        assert bodies.setdefault((place, nonce), body) == body, "a key and a nonce were repeated"
