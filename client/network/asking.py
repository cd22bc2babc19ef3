"""Asking again when that was too soon.

A far side that is asked too much in too short a time says when it will answer. What it
refused so was not carried out, so the same request may be sent again.

Spec: docs/protocol.md#rates-and-room
"""

from typing import Final, TypeVar

import trio

from client.network.connection import RelayConnection
from client.network.refusals import RelayRefusal
from protocol.wire.messages import Answer, Refusal, Request

A = TypeVar("A", bound=Answer)

# Whoever keeps us waiting longer than this in all says no, whatever he calls it.
_MOST_TRIES: Final = 10
_LONGEST_WAIT_S: Final = 30.0


async def ask_patiently(connection: RelayConnection, request: Request, expected: type[A]) -> A:
    """Ask, and ask again after a RATE_LIMITED.

    Raises:
        RelayRefusal: another refusal, or the last of too many.
        ConnectionLost: it may or may not have been carried out.
    """
    for _ in range(_MOST_TRIES - 1):
        try:
            return await connection.request(request, expected)
        except RelayRefusal as refusal:
            if refusal.code != Refusal.RATE_LIMITED:
                raise
            wait_s = (refusal.retry_after_ms or 0) / 1_000
            await trio.sleep(min(wait_s, _LONGEST_WAIT_S))
    return await connection.request(request, expected)
