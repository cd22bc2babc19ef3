"""What a request to a vault costs, paid by the network address it comes from.

Nobody logs in at a vault, and guesses are counted with each record: these limits are
there for its processor and its disk.

Spec: docs/vault.md#limits
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from protocol.limits import VAULT_ADDRESS_WORK_AT_ONCE, VAULT_ADDRESS_WORK_PER_SECOND
from protocol.wire.messages import (
    DeleteRecord,
    Evaluate,
    GetEvents,
    Hello,
    Ping,
    PlaceHead,
    ProvePossession,
    RegisterRecord,
    Request,
    Unlock,
    VaultHello,
)
from server.limits.buckets import Buckets, pay
from server.limits.rate import Rate
from server.limits.source import Source
from server.limits.values import DEFAULT, Limits

VAULT_LIMITS: Final = replace(
    DEFAULT, address=Rate(VAULT_ADDRESS_WORK_PER_SECOND, VAULT_ADDRESS_WORK_AT_ONCE)
)

# In units of a look at a record. What is not here costs one.
PRICES: Final[Mapping[type[Any], int]] = {
    Hello: 0,
    VaultHello: 0,
    Ping: 0,
    RegisterRecord: 10,  # several multiplications, and a row for ever
    Evaluate: 5,
    Unlock: 5,
    PlaceHead: 5,
    DeleteRecord: 5,
    ProvePossession: 2,
    GetEvents: 4,
}


class VaultTolls:
    """The buckets of addresses: for work, and for registrations."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._addresses: Buckets[bytes] = Buckets(limits.address, limits.most_buckets)
        self._registrations: Buckets[bytes] = Buckets(limits.registrations, limits.most_buckets)

    def charge(self, request: Request, source: Source, now: float) -> int:
        """Take the price of ``request``, if it is there.

        Returns:
            0 if it was paid; else the milliseconds until it can be, and nothing was taken.
        """
        price = PRICES.get(type(request), 1)
        if not price or not self._limits.by_address(source):
            return 0
        due = [(self._addresses, source.block, price)]
        if isinstance(request, RegisterRecord):
            due.append((self._registrations, source.block, 1))
        return pay(due, now)

    def forget_full(self, now: float) -> None:
        """Let go of addresses that have asked for little lately."""
        self._addresses.forget_full(now)
        self._registrations.forget_full(now)
