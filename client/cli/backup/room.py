"""What the commands about backups work with: profile, storage, vaults, lock."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from client.backup.secrets.changing import Changer
from client.backup.secrets.heads import vault_heads
from client.backup.secrets.keyrings import password_record
from client.backup.targets.credentials import credentials_of
from client.backup.targets.interface import Target
from client.backup.targets.opening import Means, open_target
from client.backup.targets.parse import parse_target
from client.backup.writing.errors import not_set_up
from client.backup.writing.writer import Keepers, Writer
from client.cli.opening import REAL_SURROUNDINGS, opened_profile
from client.cli.running import ended_by
from client.cli.settings import Settings
from client.engine.relay_settings import required_relay
from client.errors import LocalError
from client.network.address import RelayAddress
from client.network.blobs import WriteSecret
from client.network.one_error import one_error
from client.network.transport import Dialed, dial
from client.network.vaults import open_vault
from client.profile.opening import OpenProfile
from client.store import archive
from client.store.archive import Archive
from protocol.archive.keyring import Keyring, KeyringPlan
from protocol.recovery.record import PasswordRecord

if TYPE_CHECKING:
    from client.backup.writing.progress import Report


@dataclass(frozen=True, slots=True)
class Room:
    """An open profile and the storage of its backup."""

    profile: OpenProfile
    held: Archive
    target: Target

    @property
    def plan(self) -> KeyringPlan:
        """Our own copy of who may open the backup."""
        return Keyring.decode_untrusted(self.held.keyring).plan

    @property
    def record(self) -> PasswordRecord | None:
        """Who guards the password, if there is one."""
        return password_record(self.plan)

    @property
    def changer(self) -> Changer:
        """What changes slots."""
        return Changer(self.profile.database, open_vault, REAL_SURROUNDINGS)

    async def refreshed(self) -> "Room":
        """Give the room with the archive as it is stored now."""
        return Room(self.profile, await held_archive(self.profile), self.target)

    def writer(self, report: "Report") -> Writer:
        """Give what writes the backup."""
        record = self.record
        keepers = Keepers(
            vault_heads(record, self.held.root, open_vault),
            0 if record is None else record.threshold,
        )
        return Writer(
            self.profile.database,
            self.profile.folder,
            self.target,
            keepers,
            REAL_SURROUNDINGS,
            report,
        )


@asynccontextmanager
async def opened_room(settings: Settings) -> AsyncIterator[Room]:
    """Open the profile that the options mean, and the storage of its backup.

    Raises:
        UserError: there is no such profile, or no backup was set up, or what it takes is missing.
    """
    async with opened_profile(settings) as profile:
        held = await held_archive(profile)
        async with opened_storage(profile, held.target, held.target_secret) as target:
            yield Room(profile, held, target)


@asynccontextmanager
async def opened_storage(
    profile: OpenProfile, text: str, secret: bytes | None
) -> AsyncIterator[Target]:
    """Open the storage of a profile's backup.

    Args:
        text: as a person typed it.
        secret: what changing it takes, at a relay.
    """

    async def dial_relay() -> Dialed:
        return await dial(await profile.database.read(required_relay))

    write_secret = None if secret is None else WriteSecret(secret)
    means = Means(REAL_SURROUNDINGS, dial_relay, write_secret, credentials_of(os.environ))
    async with open_target(parse_target(text), means) as target:
        yield target


@asynccontextmanager
async def foreign_storage(text: str, relay: RelayAddress | None) -> AsyncIterator[Target]:
    """Open a storage to be read only, without a profile.

    Args:
        relay: where the blobs of ``relay:LOCATOR`` are.
    """

    async def dial_relay() -> Dialed:
        if relay is None:
            raise LocalError(
                "The relay that keeps this backup is not named.",
                hint="Name it with --relay; its address stands on the printed page.",
            )
        return await dial(relay)

    means = Means(REAL_SURROUNDINGS, dial_relay, None, credentials_of(os.environ))
    async with open_target(parse_target(text), means) as target:
        yield target


@asynccontextmanager
async def interruptible() -> AsyncIterator[None]:
    """Let Ctrl-C cancel what is under way, so that what is open is closed in order.

    Not around questions: these end by Ctrl-C themselves.
    """
    with one_error():
        async with ended_by(signal.SIGINT, KeyboardInterrupt):
            yield


async def held_archive(profile: OpenProfile) -> Archive:
    """Give what the profile knows of its backup.

    Raises:
        LocalError: none was set up.
    """
    held = await profile.database.read(archive.find)
    if held is None:
        raise not_set_up()
    return held
