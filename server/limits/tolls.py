"""What a request costs, and who pays: the relay's token buckets, all in one place.

    charge(request, payer, now) ──▶ 0: paid, carry it out
                                └─▶ milliseconds: refuse it, RATE_LIMITED

A request is paid out of every bucket that it concerns, or out of none. So the
time to wait is true: who waits that long, and shares no bucket with others, is
served then.

            account ─┐                    the device that is logged in
            address ─┤                    everybody there
    registrations ───┼─▶ one request
     replacements ───┤                    one device from one address: nobody uses up the owner's
          look-ups ──┤                    an address where nobody is logged in
          recipient ─┤                    a mailbox; strangers do not drain what is for the known
              token ─┘                    anonymous connections

Spec: docs/relay.md#limits
"""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from protocol.ids import DeviceAddress
from protocol.wire.messages import (
    Acknowledge,
    FetchBundle,
    FetchSealingKey,
    GetBlob,
    Hello,
    ListBlobs,
    Login,
    LookUp,
    Ping,
    PutBlob,
    RefreshBlobs,
    Register,
    ReplaceDevice,
    Request,
    Submit,
    UploadPrekeys,
    VaultHello,
    VetoReplacement,
    token_hash,
)
from server.limits.buckets import Buckets, pay
from server.limits.source import Source
from server.limits.values import Limits

# In units of a small envelope. What is not here costs one. What makes room or keeps a
# connection alive is free: refusing it would help nobody, and a connection's pace bounds it.
PRICES: Final[Mapping[type[Any], int]] = {
    Hello: 0,
    VaultHello: 0,
    Ping: 0,
    Acknowledge: 0,
    Register: 10,  # two signatures and a write
    Login: 5,
    LookUp: 10,  # as a bundle: names cannot be tried faster here than there
    ReplaceDevice: 10,
    VetoReplacement: 10,
    UploadPrekeys: 10,
    FetchBundle: 10,  # somebody's one-time pair
    PutBlob: 4,
    GetBlob: 4,
    ListBlobs: 4,
    RefreshBlobs: 10,
}

_Due = tuple[Buckets[Any], Hashable, int]


@dataclass(frozen=True, slots=True)
class Payer:
    """Who asks: from where, and as whom; None on an anonymous connection."""

    source: Source
    account: DeviceAddress | None


class Tolls:
    """All buckets of a relay but those of connections, which last no longer than these."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        most = limits.most_buckets
        self._accounts: Buckets[DeviceAddress] = Buckets(limits.account, most)
        self._recipients: Buckets[tuple[DeviceAddress, bool]] = Buckets(limits.recipient, most)
        self._tokens: Buckets[bytes] = Buckets(limits.token, most)
        self._addresses: Buckets[bytes] = Buckets(limits.address, most)
        self._registrations: Buckets[bytes] = Buckets(limits.registrations, most)
        self._replacements: Buckets[tuple[DeviceAddress, bytes]] = Buckets(
            limits.replacements, most
        )
        self._look_ups: Buckets[bytes] = Buckets(limits.account, most)

    @property
    def bucket_count(self) -> int:
        """How many buckets are in memory."""
        return sum(map(len, self._all))

    def charge(self, request: Request, payer: Payer, now: float) -> int:
        """Take the price of ``request``, if it is there.

        Returns:
            0 if it was paid; else the milliseconds until it can be, and nothing
            was taken.
        """
        limits, source = self._limits, payer.source
        if not limits.by_address(source) and not limits.by_person(source):
            return 0  # programs of this machine: what they ask most costs least here
        due = [*self._due_from_address(request, payer), *self._due_from_people(request, payer)]
        return pay(due, now)

    def forget_full(self, now: float) -> None:
        """Let go of everybody who has asked for little lately."""
        for buckets in self._all:
            buckets.forget_full(now)

    @property
    def _all(self) -> tuple[Buckets[Any], ...]:
        return (
            self._accounts,
            self._recipients,
            self._tokens,
            self._addresses,
            self._registrations,
            self._replacements,
            self._look_ups,
        )

    def _due_from_address(self, request: Request, payer: Payer) -> Iterator[_Due]:
        if not self._limits.by_address(payer.source):
            return
        if price := PRICES.get(type(request), 1):
            yield self._addresses, payer.source.block, price
        if isinstance(request, Register):
            yield self._registrations, payer.source.block, 1
        elif isinstance(request, LookUp) and payer.account is None:
            yield self._look_ups, payer.source.block, price

    def _due_from_people(self, request: Request, payer: Payer) -> Iterator[_Due]:
        if not self._limits.by_person(payer.source):
            return
        price = PRICES.get(type(request), 1)
        if price and payer.account is not None:
            yield self._accounts, payer.account, price
        if isinstance(request, ReplaceDevice):
            target = DeviceAddress(request.name, request.device)
            yield self._replacements, (target, payer.source.block), 1
        if not isinstance(request, Submit | FetchBundle | FetchSealingKey):
            return
        if payer.account is None and request.token is not None:
            yield self._tokens, token_hash(request.token), price
        if isinstance(request, Submit):
            recipient = DeviceAddress(request.name, request.device)
            yield self._recipients, (recipient, payer.account is None), 1
