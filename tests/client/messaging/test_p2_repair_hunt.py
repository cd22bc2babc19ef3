"""P2: faults of every kind, and after each one every message is shown exactly once.

A hunt that finds nothing proves little unless it finds what is planted: steps of
the repair are left out one by one. ``scripts/hunt`` goes on for as long as one likes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from client.messaging import repair, sending
from client.store.transaction import Transaction
from client.values import HistoryEntry
from protocol.e2ee.retry import RetryRequest
from protocol.errors import KeyGone, PeerError
from protocol.ids import SessionId
from tests.client.messaging.hunts import hunt

FAULTS_COUNT = 60


def test_p2_every_fault_is_repaired(seed: int, tmp_path: Path) -> None:
    tally = hunt(f"{seed}", FAULTS_COUNT, tmp_path)
    assert tally.kinds.total() == FAULTS_COUNT


# --- the hunt finds what is planted -------------------------------------------------


def _nothing(*_: object, **__: object) -> None:
    """Stand in for a step that is left out."""


def _request_unless_key_gone(message: bytes, error: PeerError) -> RetryRequest | None:
    return None if isinstance(error, KeyGone) else REQUEST_FOR(message, error)


def _send_on_the_oldest(tx: Transaction, entry: HistoryEntry, _: SessionId, *rest: Any) -> None:
    oldest = tx.value("SELECT session_id FROM sessions ORDER BY began LIMIT 1")
    SEND_AGAIN(tx, entry, SessionId(oldest), *rest)


REQUEST_FOR, SEND_AGAIN = repair.request_for, sending.send_again


@dataclass(frozen=True)
class Planted:
    """A step of the repair that is left out or wrong, and faults that show it soon."""

    target: str
    replacement: Callable[..., object]
    kinds: tuple[str, ...] = ("drop all sessions",)


PLANTED = {
    "nothing is asked for": Planted("client.messaging.repair.request_for", _nothing),
    "no request when a key is gone": Planted(
        "client.messaging.repair.request_for", _request_unless_key_gone, ("roll back",)
    ),
    "no digests of what was sent": Planted("client.store.sent.find", _nothing),
    "answers on another session": Planted(
        "client.messaging.resending.send_again", _send_on_the_oldest, ("lose last resort",)
    ),
    "requests on broken sessions": Planted(
        "client.messaging.repair.distrust_sessions", _nothing, ("roll back both",)
    ),
    "the refused session is kept": Planted(
        "client.messaging.resending.give_up_session", _nothing, ("lose last resort",)
    ),
    "lost requests are not repeated": Planted(
        "client.store.gaps._make_due", _nothing, ("lose prekeys handed out",)
    ),
    "dead prekeys stay on the shelf": Planted(
        "client.messaging.prekey_doubts.doubt", _nothing, ("lose prekeys of both",)
    ),
    "gaps stay when they are filled": Planted("client.messaging.gap_lines.fill", _nothing),
}


@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED)
def test_the_hunt_finds(
    planted: Planted, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planted.target, planted.replacement)
    with pytest.raises(AssertionError):
        hunt(f"planted {seed}", 3 * FAULTS_COUNT, tmp_path, planted.kinds)
