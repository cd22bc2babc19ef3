"""Limits as values: a relay is given one :class:`Limits`, tests give smaller ones.

The numbers of a relay in the open stand in :mod:`protocol.limits`, each with its
reason, so that the specification shows them.

Spec: docs/relay.md#limits
"""

from dataclasses import dataclass
from typing import Final

from protocol import limits
from server.limits.rate import Rate
from server.limits.source import Source


@dataclass(frozen=True, slots=True)
class BlobQuota:
    """How many blobs, and bytes of them, an address may have; and bytes in all."""

    count: int = limits.MAX_ADDRESS_BLOBS_COUNT
    size_bytes: int = limits.MAX_ADDRESS_BLOBS_BYTES
    bytes_in_all: int = limits.MAX_BLOBS_BYTES


@dataclass(frozen=True, slots=True)
class Limits:
    """What a relay grants.

    Attributes:
        connection: requests of one connection.
        account: work for one account.
        recipient: envelopes for one mailbox, logged in and anonymous each.
        token: work for all who hold one delivery token.
        address: work for one network address.
        registrations: new accounts from one network address.
        replacements: attempts to replace one device from one network address.
        connections: new connections from one network address.
        connections_at_once: open connections from one network address.
        connections_in_all: open connections.
        most_buckets: buckets of each sort.
        blobs: blobs of one network address, and in all.
        is_proxied: whether connections from this machine are passed on for
            others, as by a proxy or an onion service.
    """

    connection: Rate
    account: Rate
    recipient: Rate
    token: Rate
    address: Rate
    registrations: Rate
    replacements: Rate
    connections: Rate
    connections_at_once: int
    connections_in_all: int
    most_buckets: int
    blobs: BlobQuota
    is_proxied: bool = False

    def by_address(self, source: Source) -> bool:
        """Tell whether the address of ``source`` means somebody, and is counted by."""
        return not source.is_local

    def by_person(self, source: Source) -> bool:
        """Tell whether accounts, mailboxes and tokens are counted for ``source``.

        Not for programs of this machine: who runs them can stop the relay as
        well, and a load generator is no attack.
        """
        return self.is_proxied or not source.is_local


DEFAULT: Final = Limits(
    connection=Rate(limits.CONNECTION_REQUESTS_PER_SECOND, limits.CONNECTION_REQUESTS_AT_ONCE),
    account=Rate(limits.ACCOUNT_WORK_PER_SECOND, limits.ACCOUNT_WORK_AT_ONCE),
    recipient=Rate(limits.RECIPIENT_MAIL_PER_SECOND, limits.RECIPIENT_MAIL_AT_ONCE),
    token=Rate(limits.TOKEN_WORK_PER_SECOND, limits.TOKEN_WORK_AT_ONCE),
    address=Rate(limits.ADDRESS_WORK_PER_SECOND, limits.ADDRESS_WORK_AT_ONCE),
    registrations=Rate(
        limits.ADDRESS_REGISTRATIONS_PER_HOUR / 3_600, limits.ADDRESS_REGISTRATIONS_AT_ONCE
    ),
    replacements=Rate(
        limits.REPLACEMENT_ATTEMPTS_PER_HOUR / 3_600, limits.REPLACEMENT_ATTEMPTS_AT_ONCE
    ),
    connections=Rate(limits.ADDRESS_CONNECTIONS_PER_SECOND, limits.ADDRESS_CONNECTIONS_AT_ONCE),
    connections_at_once=limits.MAX_ADDRESS_CONNECTIONS,
    connections_in_all=limits.MAX_CONNECTIONS,
    most_buckets=limits.MAX_BUCKETS,
    blobs=BlobQuota(),
)
"""What a relay grants unless it is told otherwise."""
