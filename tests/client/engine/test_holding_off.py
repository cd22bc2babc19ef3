"""Whom a refusal concerns: strangers can keep one mailbox busy, and stop no other mail with it."""

from typing import cast

import pytest

from client.engine.outbox_flusher import OutboxFlusher
from client.engine.shared import Shared
from client.network.refusals import RelayRefusal
from protocol.ids import Name
from protocol.wire.messages import Ping, Refusal, Refused

BOB, CAROL, DAVE = Name("bob"), Name("carol"), Name("dave")


def flusher_after(refusal: Refusal, *peers: Name) -> OutboxFlusher:
    flusher = OutboxFlusher(cast("Shared", None))
    answer = Refused(refusal, 5_000)
    flusher._hold({peer: RelayRefusal(Ping(), answer) for peer in peers})
    return flusher


async def test_p6_too_much_for_one_peer_holds_up_no_other(autojump_clock: object) -> None:
    holdoffs = flusher_after(Refusal.RATE_LIMITED, BOB).holdoffs
    assert holdoffs.of(BOB) is not None
    assert holdoffs.of(CAROL) is None


@pytest.mark.parametrize(
    ("refusal", "peers"),
    [(Refusal.RATE_LIMITED, (BOB, CAROL)), (Refusal.RELAY_TROUBLE, (BOB,))],
)
async def test_what_concerns_all_holds_up_all(
    autojump_clock: object, refusal: Refusal, peers: tuple[Name, ...]
) -> None:
    assert flusher_after(refusal, *peers).holdoffs.of(DAVE) is not None
