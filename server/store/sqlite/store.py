"""The durable store: SQLite behind the relay's interface.

Two connections: one writes, one reads, so that delivering mail never waits for
a commit's sync. Blobs lie in a database of their own beside it, so that mail does
not wait for those either.
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import apsw

from protocol.ids import DeviceAddress, FetchId
from protocol.limits import ACKNOWLEDGED_ID_LIFE_MS, HELD_REPLACEMENT_LIFE_MS, MAIL_LIFE_MS
from protocol.records import Account
from server.store.sqlite import accounts, mailboxes, reading, replacing, shelves, tokens
from server.store.sqlite.blobs import SqliteBlobs
from server.store.sqlite.database import DatabaseRefused, open_database
from server.store.sqlite.lane import Lane, Runner, in_thread
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

# Beside the database of accounts and mail.
BLOBS_FILE: Final = "blobs.db"

# Accounts looked through in one transaction while expiring: submits wait that long at most.
_ACCOUNTS_AT_ONCE = 64


class SqliteStore:
    """A relay's store in a folder (see :class:`server.store.interface.RelayStore`)."""

    def __init__(
        self, writer: Lane, reader: Lane, blobs: SqliteBlobs, now_ms: Callable[[], int]
    ) -> None:
        """Use :meth:`open`."""
        self._writer = writer
        self._reader = reader
        self._blobs = blobs
        self._now_ms = now_ms

    @property
    def blobs(self) -> SqliteBlobs:
        """The blobs, in a file of their own."""
        return self._blobs

    @classmethod
    async def open(
        cls,
        path: Path,
        now_ms: Callable[[], int],
        run: Runner = in_thread,
        vfs: str | None = None,
    ) -> "SqliteStore":
        """Open the files, making those that are missing.

        Args:
            path: the database; its folder exists, and gets BLOBS_FILE as well.
            now_ms: the relay's clock.
            run: runs blocking calls.
            vfs: the name of an apsw VFS, for tests that watch the disk.

        Raises:
            DatabaseRefused: a file is foreign, newer or damaged.
            StoreTrouble: the environment does not allow it.
        """
        writer = await run(partial(open_database, path, vfs))
        reader = await run(partial(open_database, path, vfs))
        blobs = await _open_blobs(path.with_name(BLOBS_FILE), now_ms, run, vfs)
        return cls(Lane(writer, run), Lane(reader, run), blobs, now_ms)

    async def register(self, account: Account) -> StoredAccount:
        """Take a new account, or know it again."""
        return await self._writer.write(accounts.register, account)

    async def find_account(self, address: DeviceAddress) -> StoredAccount:
        """Look an account up."""
        return await self._reader.read(accounts.find, address)

    async def mark_online(self, devices: Sequence[DeviceAddress]) -> None:
        """Note the hour."""
        await self._writer.write(replacing.mark_online, devices, self._now_ms())

    async def replace_device(
        self, wanted: Replacement, hold_ms: int
    ) -> StoredAccount | HeldReplacement:
        """Replace a device, or hold that."""
        return await self._writer.write(replacing.replace_device, wanted, hold_ms, self._now_ms())

    async def veto_replacement(self, veto: Veto) -> StoredAccount:
        """Forget what is held, replace the account key."""
        return await self._writer.write(replacing.veto_replacement, veto, self._now_ms())

    async def put_prekeys(
        self, owner: DeviceAddress, upload: PrekeyUpload, only_for: bytes | None = None
    ) -> int:
        """Replace the long-lived keys, add pairs with new ids."""
        return await self._writer.write(shelves.put, owner, upload, only_for)

    async def count_one_time_pairs(self, owner: DeviceAddress) -> int:
        """Count the pairs on the shelf."""
        return await self._reader.read(shelves.count, owner)

    async def take_bundle(self, owner: DeviceAddress, fetch_id: FetchId) -> TakenBundle:
        """Hand out a bundle, each pair once, and to each fetch id the same."""
        return await self._writer.write(shelves.take, owner, fetch_id, self._now_ms())

    async def sealing_key(self, owner: DeviceAddress) -> SealingKeyOnRecord:
        """Give the sealing key."""
        return await self._reader.read(shelves.sealing_key, owner)

    async def set_token(
        self, owner: DeviceAddress, token_hash: bytes, only_for: bytes | None = None
    ) -> None:
        """Replace a device's token."""
        await self._writer.write(tokens.put, owner, token_hash, only_for)

    async def require_token(self, owner: DeviceAddress, token_hash: bytes) -> None:
        """Compare with a device's token."""
        await self._reader.read(tokens.require, owner, token_hash)

    async def settle(
        self, submissions: Sequence[Submission], acknowledgements: Sequence[Acknowledgement]
    ) -> list[Outcome]:
        """Delete what was acknowledged, store what was submitted."""
        return await self._writer.write(
            mailboxes.settle, submissions, acknowledgements, self._now_ms()
        )

    async def count_waiting(self, mailbox: DeviceAddress) -> int:
        """Count the waiting envelopes."""
        return await self._reader.read(reading.count_waiting, mailbox)

    async def read_mail(
        self, mailbox: DeviceAddress, after: int, most_count: int, most_bytes: int
    ) -> MailPage:
        """Give a page of waiting mail."""
        return await self._reader.read(reading.page, mailbox, after, most_count, most_bytes)

    async def expire(self) -> Expired:
        """Delete old mail, forget old ids and replacements, a few accounts at a time."""
        now_ms = self._now_ms()
        await self._writer.write(replacing.forget_notes, now_ms - HELD_REPLACEMENT_LIFE_MS)
        mail_before, ids_before = now_ms - MAIL_LIFE_MS, now_ms - ACKNOWLEDGED_ID_LIFE_MS
        await self._writer.write(shelves.forget_fetches, ids_before)
        total, number = Expired(0, 0), 0
        while some := await self._reader.read(accounts.numbers_after, number, _ACCOUNTS_AT_ONCE):
            done = await self._writer.write(_expire_some, some, mail_before, ids_before)
            total = _sum(total, done)
            number = some[-1]
        return total

    async def close(self) -> None:
        """Close all connections; the last one of a file folds its log into it."""
        await self._blobs.close()
        await self._reader.close()
        await self._writer.close()


async def _open_blobs(
    path: Path, now_ms: Callable[[], int], run: Runner, vfs: str | None
) -> SqliteBlobs:
    try:
        return await SqliteBlobs.open(path, now_ms, run, vfs)
    except DatabaseRefused as error:
        raise DatabaseRefused(f"{path.name} beside it: {error.reason}") from error


def _expire_some(
    connection: apsw.Connection, numbers: list[int], mail_before_ms: int, ids_before_ms: int
) -> Expired:
    total = Expired(0, 0)
    for number in numbers:
        total = _sum(total, reading.expire(connection, number, mail_before_ms, ids_before_ms))
    return total


def _sum(one: Expired, other: Expired) -> Expired:
    return Expired(one.mail_count + other.mail_count, one.remembered_count + other.remembered_count)
