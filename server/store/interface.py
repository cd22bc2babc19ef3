"""The one door to what the relay keeps; the same promises from every engine.

- A method that changes something returns when the change is **durable** (in
  memory: as durable as memory is). One call is one transaction: it happens
  whole, or raises and has not happened.
- Methods may be called from several tasks; the engine orders them.
- Devices that are not registered raise UnknownAccount, except in a batch,
  where one bad submission must not spoil the others: there it is an outcome.

``tests/server/store/`` holds the conformance suite that defines the details.

Spec: docs/relay.md#store
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from protocol.errors import GlasspostError
from protocol.ids import DeviceAddress, FetchId
from protocol.records import Account
from server.store.values import (
    Acknowledgement,
    Expired,
    HeldReplacement,
    MailPage,
    Outcome,
    PrekeyUpload,
    Replacement,
    SealingKeyOnRecord,
    StoredAccount,
    Submission,
    TakenBundle,
    Veto,
)

if TYPE_CHECKING:
    from server.store.blobs import BlobStore  # which has its errors from here


class StoreError(GlasspostError):
    """A store could not do, or would not do, what it was asked."""


class UnknownAccount(StoreError):
    """Nobody is registered under this name and device."""


class NameTaken(StoreError):
    """The name belongs to another identity, device or account key."""


class NoPrekeys(StoreError):
    """The account has not uploaded prekeys yet."""


class ShelfFull(StoreError):
    """The upload would put more than MAX_ONE_TIME_PAIRS on the shelf."""


class BadToken(StoreError):
    """The token is not the device's; or there is no such device, which is not told apart."""


class IdentityReplaced(StoreError):
    """The device on record has another identity now."""


class BadReplacement(StoreError):
    """The account is not as a replacement or a veto says, or another replacement is noted."""


class StoreTrouble(StoreError):
    """The environment failed: disk full, disk broken. Nothing was changed."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the relay's disk: {reason}")
        self.reason = reason


class RelayStore(Protocol):
    """Accounts, prekey shelves and mailboxes. Every method may raise StoreTrouble."""

    @property
    def blobs(self) -> "BlobStore":
        """The blobs, opened and closed together with the rest."""

    async def register(self, account: Account) -> StoredAccount:
        """Take a new account at generation 1; the same values again are the same account.

        Raises:
            NameTaken: the name is registered with other values.
        """

    async def find_account(self, address: DeviceAddress) -> StoredAccount:
        """Look an account up.

        Raises:
            UnknownAccount: there is none.
        """

    async def mark_online(self, devices: Sequence[DeviceAddress]) -> None:
        """Note that they are online now, to the hour; unknown ones are passed over."""

    async def replace_device(
        self, wanted: Replacement, hold_ms: int
    ) -> StoredAccount | HeldReplacement:
        """Put another identity in a device's place, or note that it is to be put there.

        It is held for ``hold_ms`` if the device was online in the last RECENTLY_ONLINE_MS, and
        carried out if the same was held and the time is over. Carried out, it takes prekeys,
        remembered fetches, token and waiting mail of the former device with it; ids of that
        mail are remembered as if it had been acknowledged.

        Returns:
            The account as it is now, or what is held.

        Raises:
            UnknownAccount: there is no such device.
            BadReplacement: identity or generation are not those on record, the new identity
                is the old one, or a different replacement is held.
        """

    async def veto_replacement(self, veto: Veto) -> StoredAccount:
        """Forget the held replacement, and let the account have another key.

        Returns:
            The account as it is now.

        Raises:
            UnknownAccount: there is no such device.
            BadReplacement: identity or generation are not those on record, or nothing is held.
        """

    async def put_prekeys(
        self, owner: DeviceAddress, upload: PrekeyUpload, only_for: bytes | None = None
    ) -> int:
        """Replace the three long-lived keys and add the one-time pairs.

        Key ids count up: a pair whose id is not above all earlier ones of this
        owner is passed over, whether it is on the shelf or handed out.

        Returns:
            The number of one-time pairs on the shelf.

        Raises:
            UnknownAccount: there is no such device.
            IdentityReplaced: the device has another identity than ``only_for``.
            ShelfFull: nothing of the upload is kept.
        """

    async def count_one_time_pairs(self, owner: DeviceAddress) -> int:
        """Count the one-time pairs on the shelf; 0 for an unknown device."""

    async def take_bundle(self, owner: DeviceAddress, fetch_id: FetchId) -> TakenBundle:
        """Hand out a bundle, with the pair of the lowest id if there is one.

        A fetch id that got a pair gets the same bundle for ACKNOWLEDGED_ID_LIFE_MS. One that
        got none is not remembered: nothing was used up, and fetching for ever would fill the disk.

        Raises:
            UnknownAccount: there is no such device.
            NoPrekeys: it has not uploaded any.
        """

    async def sealing_key(self, owner: DeviceAddress) -> SealingKeyOnRecord:
        """Give the sealing key; consumes nothing.

        Raises:
            UnknownAccount: there is no such device.
            NoPrekeys: it has not uploaded any.
        """

    async def set_token(
        self, owner: DeviceAddress, token_hash: bytes, only_for: bytes | None = None
    ) -> None:
        """Let a device's token be the one with this SHA-256, and no other.

        Raises:
            UnknownAccount: there is no such device.
            IdentityReplaced: it has another identity than ``only_for``.
        """

    async def require_token(self, owner: DeviceAddress, token_hash: bytes) -> None:
        """Return if the SHA-256 is that of the device's token.

        Raises:
            BadToken: it is not, or there is no such device.
        """

    async def settle(
        self, submissions: Sequence[Submission], acknowledgements: Sequence[Acknowledgement]
    ) -> list[Outcome]:
        """Store envelopes and delete acknowledged ones, all in one transaction.

        Acknowledgements come first: they may make room. An envelope id is
        known as long as its mail waits, and ACKNOWLEDGED_ID_LIFE_MS after its
        acknowledgement: known with the same bytes it is Stored with the first
        arrival time, with other bytes a CONFLICT. What nobody vouches for needs
        the recipient's token, also when its id is known; else it is BAD_TOKEN,
        as it is for an unknown recipient.

        Returns:
            One outcome for each submission, in order.
        """

    async def count_waiting(self, mailbox: DeviceAddress) -> int:
        """Count the envelopes that wait; 0 for an unknown device."""

    async def read_mail(
        self, mailbox: DeviceAddress, after: int, most_count: int, most_bytes: int
    ) -> MailPage:
        """Give the waiting mail behind sequence number ``after``, in order.

        The page ends before the envelope that would go over ``most_count`` or
        ``most_bytes`` (of envelopes), even if that is the first.
        """

    async def expire(self) -> Expired:
        """Delete mail older than MAIL_LIFE_MS, old ids and replacements nobody asked for again."""

    async def close(self) -> None:
        """Let go of files. No other call may be under way or follow."""
