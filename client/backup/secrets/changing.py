"""Setting an archive up, and changing what opens it: each is decided in one transaction.

    records at the vaults (noted for deletion) ─▶ decided: root, keyring, errands ─▶ the caller
    writes a backup, which brings the keyring into the storage ─▶ old records are deleted

Whoever calls holds the lock of the profile's backup from here to the end of that backup:
another process would else take the noted deletions for those of a run that was stopped.

Spec: docs/backup.md#changing-what-opens-it
"""

from collections.abc import Callable
from dataclasses import dataclass

from client.backup.secrets.errands import decide, register_all, run_errands
from client.backup.secrets.failures import AlreadySetUp, NothingWouldOpen
from client.backup.secrets.keyrings import (
    NewKeyring,
    Slots,
    deletions_of,
    first_plan,
    next_keyring,
    password_record,
)
from client.backup.secrets.party import VaultDialer
from client.store import archive, vault_errands
from client.store.archive import Archive
from client.store.database import Database
from client.store.transaction import Transaction
from client.values import Surroundings
from protocol.archive.keyring import Keyring, KeyringPlan
from protocol.archive.keys import ArchiveRoot
from protocol.recovery.record import Vault

ARCHIVE_ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class Place:
    """Where an archive is to lie.

    Args:
        target: as a person typed it.
        secret: what changing it takes besides (at a relay); None for nothing.
    """

    target: str
    secret: bytes | None = None


@dataclass(frozen=True, slots=True)
class Changer:
    """What slots are changed with: the profile, and the way to vaults."""

    database: Database
    connect: VaultDialer
    surroundings: Surroundings

    async def set_up(self, place: Place, slots: Slots, *, anew: bool = False) -> tuple[Vault, ...]:
        """Begin a new archive; the storage knows nothing of it yet.

        Args:
            anew: forget the one that there is; its storage and its vaults stay as they are.

        Returns:
            The vaults that have not taken their part yet: they get it with a later backup.

        Raises:
            AlreadySetUp: the profile has one.
            NothingWouldOpen: no slot was asked for.
            NotEnoughVaults: nothing has changed.
        """
        if not anew:
            await self.database.read(_require_none)
        draw = self.surroundings.random_bytes
        plan = first_plan(draw(ARCHIVE_ID_BYTES), self.surroundings.now_ms())
        new = self._next(plan, slots)

        def store(tx: Transaction) -> None:
            if anew:
                archive.forget(tx)
            _require_none(tx)
            archive.create(
                tx,
                Archive(
                    plan.archive_id, new.root, place.target, place.secret, new.keyring.encode()
                ),
            )

        return await self._decide(new, slots, store)

    async def change(self, held: Archive, slots: Slots) -> tuple[Vault, ...]:
        """Draw a new root for what ``slots`` says; the next backup makes it hold.

        Args:
            held: the archive as it is stored, whose newest head the storage has.

        Returns:
            The vaults that have not taken their part yet.

        Raises:
            NothingWouldOpen: nothing would be left to open it with.
            NotEnoughVaults: nothing has changed.
        """
        plan = Keyring.decode_untrusted(held.keyring).plan
        new = self._next(plan, slots)
        old = old_deletions(plan, held.root)

        def store(tx: Transaction) -> None:
            archive.renew(tx, new.root, new.keyring.encode())
            vault_errands.note(tx, old)

        return await self._decide(new, slots, store)

    async def run_errands(self) -> tuple[Vault, ...]:
        """Tell the vaults what is due; give those that could not be told.

        After a backup, whose keyring the storage has.
        """
        held = await self.database.read(archive.find)
        stored = held is not None and held.keyring_stored and held.published
        generation = generation_of(held) if held is not None and stored else 0
        return await run_errands(self.database, generation, self.connect)

    def _next(self, plan: KeyringPlan, slots: Slots) -> NewKeyring:
        if slots.digits is None and slots.password is None and not slots.keeps_digits:
            raise NothingWouldOpen
        around = self.surroundings
        return next_keyring(plan, slots, around.now_ms(), around.random_bytes)

    async def _decide(
        self, new: NewKeyring, slots: Slots, store: Callable[[Transaction], None]
    ) -> tuple[Vault, ...]:
        missing: tuple[Vault, ...] = ()
        if slots.password is not None:
            threshold = slots.password.threshold
            missing = await register_all(self.database, new, threshold, self.connect)

        def decided(tx: Transaction) -> None:
            store(tx)
            decide(tx, new, missing)

        await self.database.write(decided)
        return missing


def old_deletions(plan: KeyringPlan, root: ArchiveRoot) -> list[vault_errands.Errand]:
    """Give the errands that end a keyring's records, once the storage has the next one."""
    record = password_record(plan)
    return [] if record is None else deletions_of(record, root, plan.generation + 1)


def generation_of(held: Archive) -> int:
    """Give the generation of our own copy of the keyring."""
    return Keyring.decode_untrusted(held.keyring).plan.generation


def _require_none(tx: Transaction) -> None:
    held = archive.find(tx)
    if held is not None:
        raise AlreadySetUp(held.target)
