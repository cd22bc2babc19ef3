"""The store in memory: for tests, demos and ``--memory``; gone with its process.

Written for reading: it is the plainest statement of what a store promises.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import trio

from protocol.ids import DeviceAddress, EnvelopeId, FetchId, Name
from protocol.limits import (
    ACKNOWLEDGED_ID_LIFE_MS,
    MAIL_LIFE_MS,
    MAX_ONE_TIME_PAIRS,
    ONE_TIME_ID_SPAN,
)
from protocol.records import Account, OneTimePair, PrekeyBundle
from server.store.derived import bundle_of, digest_of, mailbox_takes, may_be_stored, token_fits
from server.store.interface import (
    BadToken,
    IdentityReplaced,
    NameTaken,
    NoPrekeys,
    ShelfFull,
    UnknownAccount,
)
from server.store.memory_blobs import MemoryBlobs
from server.store.replacing import hold_of, online_mark, replaced, vetoed
from server.store.values import (
    Acknowledgement,
    Expired,
    HeldReplacement,
    MailPage,
    NotStored,
    Outcome,
    PrekeyUpload,
    Replacement,
    SealingKeyOnRecord,
    Stored,
    StoredAccount,
    StoredMail,
    Submission,
    TakenBundle,
    Veto,
)


@dataclass
class _Shelf:
    keys: PrekeyUpload | None = None
    pairs: dict[int, OneTimePair] = field(default_factory=dict)
    highest_id: int = -1
    fetched: dict[FetchId, tuple[int, PrekeyBundle]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Known:
    digest: bytes
    arrival_ms: int


@dataclass
class _Mailbox:
    mail: OrderedDict[int, StoredMail] = field(default_factory=OrderedDict)
    mail_bytes: int = 0
    last_sequence: int = 0
    known: dict[EnvelopeId, _Known] = field(default_factory=dict)
    acknowledged: OrderedDict[EnvelopeId, int] = field(default_factory=OrderedDict)


@dataclass
class _Owner:
    account: StoredAccount
    token_hash: bytes | None = None
    shelf: _Shelf = field(default_factory=_Shelf)
    mailbox: _Mailbox = field(default_factory=_Mailbox)


class MemoryStore:
    """A relay's store without a disk (see :class:`server.store.interface.RelayStore`)."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._owners: dict[Name, _Owner] = {}
        self._blobs = MemoryBlobs(now_ms)

    @property
    def blobs(self) -> MemoryBlobs:
        """The blobs."""
        return self._blobs

    # --- accounts -----------------------------------------------------------

    async def register(self, account: Account) -> StoredAccount:
        """Take a new account, or know it again."""
        await trio.lowlevel.checkpoint()
        address = DeviceAddress(account.name, account.device)
        new = StoredAccount(address, account.identity, account.account_key, generation=1)
        owner = self._owners.setdefault(account.name, _Owner(new))
        known = owner.account
        if (known.address, known.identity, known.account_key) != (
            new.address,
            new.identity,
            new.account_key,
        ):
            raise NameTaken
        return known

    async def find_account(self, address: DeviceAddress) -> StoredAccount:
        """Look an account up."""
        await trio.lowlevel.checkpoint()
        return self._owner(address).account

    async def mark_online(self, devices: Sequence[DeviceAddress]) -> None:
        """Note the hour."""
        await trio.lowlevel.checkpoint()
        mark = online_mark(self._now_ms())
        for owner in filter(None, map(self._find, devices)):
            owner.account = replace(owner.account, last_online_ms=mark)

    async def replace_device(
        self, wanted: Replacement, hold_ms: int
    ) -> StoredAccount | HeldReplacement:
        """Replace a device, or hold that."""
        await trio.lowlevel.checkpoint()
        owner, now_ms = self._owner(wanted.device), self._now_ms()
        hold = hold_of(owner.account, wanted, hold_ms, now_ms)
        if hold is not None:
            owner.account = replace(owner.account, noted=hold)
            return hold
        owner.account = replaced(owner.account, wanted)
        owner.token_hash, owner.shelf = None, _Shelf()
        _acknowledge(owner.mailbox, owner.mailbox.last_sequence, now_ms)
        return owner.account

    async def veto_replacement(self, veto: Veto) -> StoredAccount:
        """Forget what is held, replace the account key."""
        await trio.lowlevel.checkpoint()
        owner = self._owner(veto.device)
        owner.account = vetoed(owner.account, veto, self._now_ms())
        return owner.account

    # --- tokens -------------------------------------------------------------

    async def set_token(
        self, owner: DeviceAddress, token_hash: bytes, only_for: bytes | None = None
    ) -> None:
        """Replace a device's token."""
        await trio.lowlevel.checkpoint()
        self._owner(owner, only_for).token_hash = token_hash

    async def require_token(self, owner: DeviceAddress, token_hash: bytes) -> None:
        """Compare with a device's token."""
        await trio.lowlevel.checkpoint()
        found = self._find(owner)
        if found is None or not token_fits(found.token_hash, token_hash):
            raise BadToken

    # --- prekeys ------------------------------------------------------------

    async def put_prekeys(
        self, owner: DeviceAddress, upload: PrekeyUpload, only_for: bytes | None = None
    ) -> int:
        """Replace the long-lived keys, add pairs with new ids."""
        await trio.lowlevel.checkpoint()
        shelf = self._owner(owner, only_for).shelf
        new = {
            pair.kem.key_id: pair
            for pair in upload.one_time_pairs
            if pair.kem.key_id > shelf.highest_id
        }
        highest_id = max([shelf.highest_id, *new])
        oldest_id = highest_id - ONE_TIME_ID_SPAN + 1
        pairs = {key_id: pair for key_id, pair in shelf.pairs.items() if key_id >= oldest_id} | new
        if len(pairs) > MAX_ONE_TIME_PAIRS:
            raise ShelfFull
        shelf.keys, shelf.pairs, shelf.highest_id = upload, pairs, highest_id
        return len(pairs)

    async def count_one_time_pairs(self, owner: DeviceAddress) -> int:
        """Count the pairs on the shelf."""
        await trio.lowlevel.checkpoint()
        found = self._find(owner)
        return 0 if found is None else len(found.shelf.pairs)

    async def take_bundle(self, owner: DeviceAddress, fetch_id: FetchId) -> TakenBundle:
        """Hand out a bundle, each pair once, and to each fetch id the same."""
        await trio.lowlevel.checkpoint()
        found = self._owner(owner)
        shelf = found.shelf
        if fetch_id in shelf.fetched:
            return TakenBundle(shelf.fetched[fetch_id][1], len(shelf.pairs), took_pair=False)
        if shelf.keys is None:
            raise NoPrekeys
        pair = shelf.pairs.pop(min(shelf.pairs)) if shelf.pairs else None
        bundle = bundle_of(found.account.identity, shelf.keys, pair)
        if pair is not None:
            shelf.fetched[fetch_id] = (self._now_ms(), bundle)
        return TakenBundle(bundle, len(shelf.pairs), took_pair=pair is not None)

    async def sealing_key(self, owner: DeviceAddress) -> SealingKeyOnRecord:
        """Give the sealing key."""
        await trio.lowlevel.checkpoint()
        found = self._owner(owner)
        if found.shelf.keys is None:
            raise NoPrekeys
        return SealingKeyOnRecord(found.account.identity, found.shelf.keys.sealing_key)

    # --- mail ---------------------------------------------------------------

    async def settle(
        self, submissions: Sequence[Submission], acknowledgements: Sequence[Acknowledgement]
    ) -> list[Outcome]:
        """Delete what was acknowledged, store what was submitted."""
        await trio.lowlevel.checkpoint()
        now_ms = self._now_ms()
        for each in acknowledgements:
            if (owner := self._find(each.mailbox)) is not None:
                _acknowledge(owner.mailbox, each.up_to, now_ms)
        return [self._submit(each, now_ms) for each in submissions]

    def _submit(self, submission: Submission, now_ms: int) -> Outcome:
        owner = self._find(submission.recipient)
        if not may_be_stored(None if owner is None else owner.token_hash, submission):
            return NotStored.BAD_TOKEN
        if owner is None:
            return NotStored.UNKNOWN_ACCOUNT
        box = owner.mailbox
        digest = digest_of(submission.envelope)
        if (known := box.known.get(submission.envelope_id)) is not None:
            if known.digest != digest:
                return NotStored.CONFLICT
            return Stored(known.arrival_ms, sequence=None)
        size = len(submission.envelope)
        if not mailbox_takes(submission, len(box.mail), box.mail_bytes):
            return NotStored.MAILBOX_FULL
        box.last_sequence += 1
        mail = StoredMail(
            box.last_sequence,
            submission.envelope_id,
            now_ms,
            submission.vouched,
            submission.envelope,
        )
        box.mail[mail.sequence] = mail
        box.known[mail.envelope_id] = _Known(digest, now_ms)
        box.mail_bytes += size
        return Stored(now_ms, mail.sequence)

    async def count_waiting(self, mailbox: DeviceAddress) -> int:
        """Count the waiting envelopes."""
        await trio.lowlevel.checkpoint()
        found = self._find(mailbox)
        return 0 if found is None else len(found.mailbox.mail)

    async def read_mail(
        self, mailbox: DeviceAddress, after: int, most_count: int, most_bytes: int
    ) -> MailPage:
        """Give a page of waiting mail."""
        await trio.lowlevel.checkpoint()
        found = self._find(mailbox)
        page: list[StoredMail] = []
        for mail in () if found is None else found.mailbox.mail.values():
            if mail.sequence <= after:
                continue
            most_bytes -= len(mail.envelope)
            if len(page) == most_count or most_bytes < 0:
                return MailPage(tuple(page), is_end=False)
            page.append(mail)
        return MailPage(tuple(page), is_end=True)

    # --- housekeeping -------------------------------------------------------

    async def expire(self) -> Expired:
        """Delete old mail, forget old ids and replacements."""
        await trio.lowlevel.checkpoint()
        now_ms = self._now_ms()
        mail_count = remembered_count = 0
        for owner in self._owners.values():
            mail_count += _expire_mail(owner.mailbox, now_ms - MAIL_LIFE_MS)
            remembered_count += _forget_ids(owner.mailbox, now_ms - ACKNOWLEDGED_ID_LIFE_MS)
            _forget_fetches(owner.shelf, now_ms - ACKNOWLEDGED_ID_LIFE_MS)
            owner.account = replace(owner.account, noted=owner.account.held(now_ms))
        return Expired(mail_count, remembered_count)

    async def close(self) -> None:
        """Let go of nothing: there are no files."""
        await trio.lowlevel.checkpoint()

    def _find(self, address: DeviceAddress) -> _Owner | None:
        owner = self._owners.get(address.name)
        return owner if owner is not None and owner.account.address == address else None

    def _owner(self, address: DeviceAddress, only_for: bytes | None = None) -> _Owner:
        owner = self._find(address)
        if owner is None:
            raise UnknownAccount
        if only_for not in (None, owner.account.identity):
            raise IdentityReplaced
        return owner


def _acknowledge(box: _Mailbox, up_to: int, now_ms: int) -> None:
    while box.mail and next(iter(box.mail)) <= up_to:
        _, mail = box.mail.popitem(last=False)
        box.mail_bytes -= len(mail.envelope)
        box.acknowledged[mail.envelope_id] = now_ms


def _expire_mail(box: _Mailbox, arrived_before_ms: int) -> int:
    count = 0
    while box.mail and next(iter(box.mail.values())).arrival_ms <= arrived_before_ms:
        _, mail = box.mail.popitem(last=False)
        box.mail_bytes -= len(mail.envelope)
        del box.known[mail.envelope_id]
        count += 1
    return count


def _forget_ids(box: _Mailbox, acknowledged_before_ms: int) -> int:
    count = 0
    while box.acknowledged and next(iter(box.acknowledged.values())) <= acknowledged_before_ms:
        envelope_id, _ = box.acknowledged.popitem(last=False)
        del box.known[envelope_id]
        count += 1
    return count


def _forget_fetches(shelf: _Shelf, fetched_before_ms: int) -> None:
    kept = {key: each for key, each in shelf.fetched.items() if each[0] > fetched_before_ms}
    shelf.fetched = kept
