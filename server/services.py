"""What every connection of a relay shares."""

from collections.abc import Callable
from dataclasses import dataclass

from server.committer import Committer
from server.eventlog import EventLog
from server.limits.tolls import Tolls
from server.limits.values import Limits
from server.presence import Presence
from server.store.interface import RelayStore
from server.subscriptions import Subscriptions


@dataclass(frozen=True, slots=True)
class Services:
    """The relay's parts, as a connection sees them.

    Attributes:
        public_key: the relay's 32-byte Ed25519 key, told in every Welcome.
        login_key: the key that logins are signed over: the public key, or
            zeros without TLS.
        now_ms: the relay's clock.
        random_bytes: gives so many random bytes.
        limits: what is granted.
        tolls: the buckets of accounts, mailboxes, tokens and addresses.
        presence: who is logged in now.
        takeover_hold_ms: how long a device that was online lately may veto its
            replacement; 0 for not at all.
    """

    store: RelayStore
    committer: Committer
    subscriptions: Subscriptions
    log: EventLog
    public_key: bytes
    login_key: bytes
    now_ms: Callable[[], int]
    random_bytes: Callable[[int], bytes]
    limits: Limits
    tolls: Tolls
    presence: Presence
    takeover_hold_ms: int
