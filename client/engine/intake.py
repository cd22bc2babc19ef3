"""Deliveries into the database, so that no delivery stops the others.

    all of them ── one transaction ──▶ committed
         └─ fails ──▶ each by itself ──▶ committed
                          └─ fails ──▶ set aside: a visible gap, or junk ──▶ committed

What fails over a delivery on our own side (a damaged row of ours, a bug) would fail again each
time the relay brings it, for ever. What fails because of this machine (a full disk, a lock) is no
delivery's fault: nothing is set aside, nothing acknowledged, and the relay delivers again.

Spec: docs/client.md#receiving
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from client.engine.shared import Shared
from client.errors import LocalError
from client.messaging.outcomes import Outcome
from client.messaging.receiving import receive, set_aside
from client.store.transaction import Transaction
from client.values import Delivery
from protocol.errors import GlasspostError

T = TypeVar("T")

_THIS_MACHINE = (LocalError, MemoryError)


async def take_in(shared: Shared, deliveries: Sequence[Delivery]) -> list[Outcome]:
    """Store what was delivered; all of it is committed, and may be acknowledged, on return.

    Raises:
        LocalError: the database cannot be written; nothing may be acknowledged.
    """
    around = shared.surroundings
    try:
        return await _write(shared, lambda tx: [receive(tx, each, around) for each in deliveries])
    except _THIS_MACHINE:
        raise
    except Exception:  # noqa: BLE001  # whatever it is, the others have to come through
        return [await _take_in_alone(shared, each) for each in deliveries]


async def _take_in_alone(shared: Shared, delivery: Delivery) -> Outcome:
    try:
        return await _write(shared, lambda tx: receive(tx, delivery, shared.surroundings))
    except _THIS_MACHINE:
        raise
    except Exception as error:  # noqa: BLE001  # or it would be delivered for ever
        reason = _reason_of(error)
    return await _write(shared, lambda tx: set_aside(tx, delivery, reason))


async def _write(shared: Shared, function: Callable[[Transaction], T]) -> T:
    """Write as ``shared`` does, but leave a damaged row to be told from a damaged disk."""
    result = await shared.profile.database.write(function)
    shared.changed.ring()
    return result


def _reason_of(error: Exception) -> str:
    """Put it for a person; only our own errors are sure to hold no key and no plaintext."""
    return str(error) if isinstance(error, GlasspostError) else "an error of this program"
