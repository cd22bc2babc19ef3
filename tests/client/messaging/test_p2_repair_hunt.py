"""P2: faults without number, and after each one every message is shown exactly once.

After a fault the network runs until it is quiet; then each side writes once
more, and it runs until it is quiet again: that is one further round trip. Then
nothing may be missing, nothing may stand there twice, and nobody may see more
than one line of the fault (a receipt that did not open is asked for, and never
sent again). Where a fault hit more messages than may be asked for in an hour,
the rest comes in the next one. ``--faults N`` sets how many; the summary is
printed.
"""

import random
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from client.messaging import repair, sending
from client.store.transaction import Transaction
from client.values import HistoryEntry
from protocol.e2ee.retry import RetryRequest
from protocol.errors import KeyGone, PeerError
from protocol.ids import SessionId
from tests.client.messaging.faults import FAULTS
from tests.client.messaging.hunting import World

FAULTS_OF_A_WORLD = 20
QUICK_FAULTS = 100
MANY_FAULTS = 1_000
LATE = "repaired in the next hour"


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
                if not inject(world, kind, f"world {seed} {number}, after {dict(done)}"):
                    done[LATE] += 1
            check_no_key_and_nonce_twice(world)
    return done


def inject(world: World, kind: str, where: str) -> bool:
    """One fault in the middle of traffic, and its repair; tell whether that took no other hour."""
    world.let_time_pass()
    lines_before = world.gap_lines()
    world.chatter()
    FAULTS[kind](world, world.rng.choice(world.clients))
    world.chatter()
    world.quieten()
    round_trip(world)
    if in_time := not (world.missing() and world.is_held_back()):
        assert not world.missing(), f"{kind}: lost in {where}"
    else:
        world.let_time_pass()
        round_trip(world)
        assert not world.missing(), f"{kind}: lost, an hour later too, in {where}"
    assert not world.answered_gaps(), f"{kind}: a gap is filled and shown in {where}"
    left = [now - before for now, before in zip(world.gap_lines(), lines_before, strict=True)]
    assert max(left) <= (1 if in_time else 2), f"{kind}: {left} lines left in {where}"
    return in_time


def round_trip(world: World) -> None:
    """Let each side write once more, and the network come to rest."""
    for client in world.clients:
        world.send(client)
    world.quieten()


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


# --- the hunt finds what is planted -------------------------------------------------


def _nothing(*_: object, **__: object) -> None:
    """Stand in for a step that is left out."""


def _request_unless_key_gone(message: bytes, error: PeerError) -> RetryRequest | None:
    return None if isinstance(error, KeyGone) else REQUEST_FOR(message, error)


def _send_on_the_oldest(tx: Transaction, entry: HistoryEntry, _: SessionId, *rest: Any) -> None:
    oldest = tx.value("SELECT session_id FROM sessions ORDER BY began LIMIT 1")
    SEND_AGAIN(tx, entry, SessionId(oldest), *rest)


REQUEST_FOR, SEND_AGAIN = repair.request_for, sending.send_again

PLANTED = {
    "nothing is asked for": ("client.messaging.repair.request_for", _nothing),
    "no request when a key is gone": (
        "client.messaging.repair.request_for",
        _request_unless_key_gone,
    ),
    "no digests of what was sent": ("client.store.sent.find", _nothing),
    "answers on another session": ("client.messaging.resending.send_again", _send_on_the_oldest),
    "requests on broken sessions": ("client.messaging.repair.distrust_sessions", _nothing),
    "the refused session is kept": ("client.messaging.resending.give_up_session", _nothing),
    "lost requests are not repeated": ("client.store.gaps._make_due", _nothing),
    "dead prekeys stay on the shelf": ("client.messaging.prekey_doubts.doubt", _nothing),
    "gaps stay when they are filled": ("client.messaging.gap_lines.fill", _nothing),
}


RARE = "dead prekeys stay on the shelf"
"""It takes faults on both sides that meet: hundreds of them."""


@pytest.mark.parametrize(
    "planted",
    [pytest.param(each, marks=[pytest.mark.slow] if each == RARE else []) for each in PLANTED],
)
def test_the_hunt_finds(
    planted: str, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(*PLANTED[planted])
    with pytest.raises(AssertionError):
        hunt(f"planted {seed}", MANY_FAULTS, tmp_path, list(FAULTS))


def report(done: Counter[str], seconds: float, capsys: pytest.CaptureFixture[str]) -> None:
    late = done.pop(LATE, 0)
    total = done.total()
    kinds = ", ".join(f"{kind} {count}" for kind, count in done.most_common())
    with capsys.disabled():
        print(
            f"\n{total} of {total} faults repaired, {late} of them in the next hour,"
            f" {total / seconds:.0f} a second: {kinds}"
        )
